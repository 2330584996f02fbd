package ledger

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/windows"
)

// inherit is the file as a child has it that was given its handle: open by itself,
// and the same to the system.
func inherit(t *testing.T, file *os.File) *os.File {
	t.Helper()
	var same windows.Handle
	self := windows.CurrentProcess()
	require.NoError(t, windows.DuplicateHandle(self, windows.Handle(file.Fd()), self, &same, 0, false, windows.DUPLICATE_SAME_ACCESS))
	return os.NewFile(uintptr(same), file.Name())
}
