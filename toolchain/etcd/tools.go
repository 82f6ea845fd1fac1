//go:build tools

// Package tools names the program that this module pins; `go build` compiles it by its import path.
package tools

import _ "go.etcd.io/etcd/server/v3"
