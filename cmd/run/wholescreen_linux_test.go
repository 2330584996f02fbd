package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"fluent-bit-kinesis/internal/flbhost"
)

// openTerminal makes a terminal of a size. What is written to it can be read from its keeper.
func openTerminal(t *testing.T, width, height uint16) (terminal, keeper *os.File) {
	t.Helper()
	keeper, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no terminals here: ", err)
	}
	t.Cleanup(func() { _ = keeper.Close() })
	require.NoError(t, unix.IoctlSetPointerInt(int(keeper.Fd()), unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(int(keeper.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = terminal.Close() })
	require.NoError(t, unix.IoctlSetWinsize(int(keeper.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: width, Row: height}))
	return terminal, keeper
}

func TestAWatchedRunIsDrawnAndGivesTheTerminalBack(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	library, err := flbhost.Library()
	require.NoError(t, err)
	terminal, keeper := openTerminal(t, 90, 20)
	shown := make(chan string)
	go func() {
		var all bytes.Buffer
		_, _ = io.Copy(&all, keeper) // ends with an error once nobody has the terminal any more
		shown <- all.String()
	}()
	status := run(context.Background(), []string{"-library", library, "-host", "bundled", "-n", "200", "-workers", "2", "-limits", "-watch"},
		strings.NewReader(""), terminal, terminal)
	require.NoError(t, terminal.Close())
	all := <-shown
	require.Zero(t, status, all)

	_, afterOpen, opened := strings.Cut(all, openSequence)
	require.True(t, opened)
	pictures, rest, closed := strings.Cut(afterOpen, closeSequence)
	require.True(t, closed)
	require.Regexp(t, `4 shards that take 4,000 records or 4 MiB a second, [0-9.m]+s +Ctrl-C ends the input`, pictures)
	require.Regexp(t, `landed +[1-9][0-9,]* of [1-9][0-9,]* `, pictures)
	require.Regexp(t, `in flight +[0-9]+ of [1-9]`, pictures, "what the plugin says of itself")
	require.Regexp(t, `shard 3 +[1-9]`, pictures)
	require.NotContains(t, rest, "\x1b")
	require.Contains(t, rest, "plugin | ", "the log is there when the picture is gone")
	require.Regexp(t, `lost +0\r\n`, rest)
}

func TestATerminalWithoutASizeHasTheUsualOne(t *testing.T) {
	terminal, _ := openTerminal(t, 0, 0)
	width, height, ok := terminalSize(terminal)
	require.Equal(t, []any{80, 24, true}, []any{width, height, ok})
}

func TestADumbTerminalIsNotDrawnOn(t *testing.T) {
	t.Setenv("TERM", "dumb")
	terminal, _ := openTerminal(t, 80, 24)
	require.False(t, newScreen(terminal, terminal, 0, false).open())
}
