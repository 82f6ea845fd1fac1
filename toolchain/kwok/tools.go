//go:build tools

// Package tools names the program that this module pins; `go build` compiles it by its import path.
package tools

import _ "sigs.k8s.io/kwok/cmd/kwok"
