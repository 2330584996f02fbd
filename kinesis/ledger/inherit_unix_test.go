//go:build !windows

package ledger

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// inherit is the file as a child has it that was forked: open by itself, and the
// same to the system.
func inherit(t *testing.T, file *os.File) *os.File {
	t.Helper()
	fd, err := unix.Dup(int(file.Fd()))
	require.NoError(t, err)
	return os.NewFile(uintptr(fd), file.Name())
}
