module slipway/toolchain/toolbox

go 1.25
