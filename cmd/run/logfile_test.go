package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLogIsShownLineByLineAsItIsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	var shown []string
	follower, err := followLog(path, func(line string) { shown = append(shown, line) })
	require.NoError(t, err)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	defer file.Close()
	write := func(text string) {
		_, err := file.WriteString(text)
		require.NoError(t, err)
		follower.catchUp()
	}
	write("")
	require.Empty(t, shown)
	write("one\r\ntwo\nth")
	require.Equal(t, []string{"one", "two"}, shown)
	write("ree\n\n")
	require.Equal(t, []string{"one", "two", "three", ""}, shown)
	write("no newline")
	require.Len(t, shown, 4)
	follower.stop()
	require.Equal(t, "no newline", shown[4])
}
