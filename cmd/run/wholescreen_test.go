package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatIsNoTerminalIsNotDrawnOn(t *testing.T) {
	var out bytes.Buffer
	s := newScreen(&out, &out, 0, false)
	require.False(t, s.open())
	s.note("said")
	s.close()
	require.Equal(t, "said\n", out.String())
}

func TestWhatIsSaidBehindAPictureIsKept(t *testing.T) {
	var stdout, stderr bytes.Buffer
	s := newScreen(&stdout, &stderr, 0, false)
	s.whole.open = true
	s.note(paint(true, dim, "to a file at once"))
	require.Equal(t, []string{"to a file at once"}, s.whole.said)
	require.Equal(t, dim+"to a file at once"+plain+"\n", stderr.String())

	s.whole.held = append(s.whole.held, held{&stderr, "to a terminal when it is free"})
	s.close()
	s.close()
	require.Equal(t, closeSequence, stdout.String(), "once")
	require.Contains(t, stderr.String(), "when it is free\n")
	require.Equal(t, "plain", withoutPaint("plain"))
	require.Equal(t, "before", withoutPaint("before\x1b[31"))
}

func TestAWatchedRunWithoutATerminalIsToldInLines(t *testing.T) {
	status, stdout, stderr := runWith(t, "", "-host", "bundled", "-n", "200", "-watch", "-limits", "-workers", "2")
	require.Zero(t, status, stderr)
	require.Equal(t, all("9,800"), summaryOf(stdout))
	require.NotContains(t, stdout, `{"run_line":`, "numbers in place of records")
	require.Regexp(t, `(?m)^landed [0-9,]+ of [0-9,]+, .*in flight`, stderr)
	require.NotContains(t, stdout+stderr, "\x1b")
}
