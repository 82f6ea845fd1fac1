//go:build tools

// Package tools names the program that this module pins; `go build` compiles it by its import path.
package tools

import _ "github.com/cloudnative-pg/plugin-barman-cloud/cmd/manager"
