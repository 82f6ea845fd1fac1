//go:build tools

// Package tools names the programs that this module pins; `go build` compiles them by their import paths.
package tools

import (
	_ "github.com/kedacore/keda/v2/cmd/operator"
	_ "github.com/kedacore/keda/v2/cmd/webhooks"
)
