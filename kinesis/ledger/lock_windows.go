package ledger

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// firstByte is what is locked of a file: so many bytes from its begin.
const firstByte = 1

// lockFile opens a file, which is made where there is none, and locks it until
// unlockFile or until the process ends in whatever way.
func lockFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = windows.LockFileEx(windows.Handle(file.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY,
		0, firstByte, 0, new(windows.Overlapped))
	if err == nil {
		return file, nil
	}
	_ = file.Close() // it was not written
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return nil, ErrInUse
	}
	return nil, &os.PathError{Op: "lock", Path: path, Err: err}
}

// unlockFile lets go of the lock and closes the file. To close it alone would not
// do: the system then lets go of the lock when it comes to it.
func unlockFile(file *os.File) {
	_ = windows.UnlockFileEx(windows.Handle(file.Fd()), 0, firstByte, 0, new(windows.Overlapped)) // where that fails, closing it must do
	_ = file.Close()                                                                              // it was not written
}
