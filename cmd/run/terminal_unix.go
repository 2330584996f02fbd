//go:build !windows

package main

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// terminalSize is the columns and rows of the terminal that w is. It is not ok where w is none.
func terminalSize(w io.Writer) (width, height int, ok bool) {
	file, isFile := w.(*os.File)
	if !isFile {
		return 0, 0, false
	}
	size, err := unix.IoctlGetWinsize(int(file.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0, 0, false
	}
	if size.Col == 0 || size.Row == 0 { // a terminal that nobody has told its size
		return 80, 24, true
	}
	return int(size.Col), int(size.Row), true
}
