//go:build tools

// Package tools names the programs that this module pins; `go build` compiles them by their import paths.
package tools

import (
	_ "github.com/prometheus-operator/prometheus-operator/cmd/admission-webhook"
	_ "github.com/prometheus-operator/prometheus-operator/cmd/operator"
)
