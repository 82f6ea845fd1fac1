// Toolbox stands in for `busybox` of the official image, where there is only Debian's: that one is built with fewer
// options. It knows `nc -z`, and hands everything else on to the program `busybox-of-debian` that lies beside it.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 2 && os.Args[1] == "nc" && slices.Contains(os.Args[2:], "-z") {
		connect(os.Args[2:])
		return
	}
	own, err := os.Executable()
	fail(err)
	fail(syscall.Exec(filepath.Join(filepath.Dir(own), "busybox-of-debian"), os.Args, os.Environ()))
}

// connect opens a connection and closes it: exit code 0 if somebody listens, else 1.
func connect(arguments []string) {
	flags := flag.NewFlagSet("nc", flag.ExitOnError)
	flags.Bool("z", false, "only connect")
	seconds := flags.Int("w", 60, "give up after `SECONDS`")
	fail(flags.Parse(arguments))
	connection, err := net.DialTimeout("tcp", net.JoinHostPort(flags.Arg(0), flags.Arg(1)), time.Duration(*seconds)*time.Second)
	fail(err)
	fail(connection.Close())
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "busybox:", err)
		os.Exit(1)
	}
}
