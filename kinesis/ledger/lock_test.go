package ledger

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// holding is where a process that TestMain makes a holder finds its path.
const holding = "LEDGER_TEST_HOLDS"

// TestMain makes the test binary a process that holds a ledger, where it is asked
// to.
func TestMain(m *testing.M) {
	if path := os.Getenv(holding); path != "" {
		hold(path)
		return
	}
	os.Exit(m.Run())
}

// hold opens a ledger, notes something, says so, and holds it until it is killed
// or its standard input ends.
func hold(path string) {
	l, err := Open(path, new(atomic.Int64), func(error) {})
	if err != nil {
		os.Stdout.WriteString(err.Error() + "\n")
		return
	}
	l.Note([]Landing{{l.Begin(idOfNumber(1)), []uint32{3, 4}}})
	os.Stdout.WriteString("held\n")
	_, _ = os.Stdin.Read(make([]byte, 1)) // whatever comes is the end
}

// holder is another process that holds the ledger at path until it is killed.
func holder(t *testing.T, path string) (said string, kill func()) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	command := exec.Command(self)
	command.Env = append(os.Environ(), holding+"="+path)
	_, err = command.StdinPipe()
	require.NoError(t, err)
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	err = command.Start()
	if errors.Is(err, syscall.ENOEXEC) {
		t.Skip("an emulator runs this program, which cannot start it anew")
	}
	require.NoError(t, err)
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	kill = func() {
		_ = command.Process.Kill() // it may have ended
		_ = command.Wait()         // with an error, as it was killed
	}
	t.Cleanup(kill)
	return line, kill
}

func TestTwoLedgersCannotHaveOneFile(t *testing.T) {
	path := pathIn(t)
	l, _ := openAt(t, path)
	_, err := Open(path, new(atomic.Int64), nil)
	require.ErrorIs(t, err, ErrInUse)
	said, _ := holder(t, path)
	require.Contains(t, said, ErrInUse.Error(), "nor in another process")
	l.Note([]Landing{{l.Begin(idOfNumber(1)), []uint32{1}}})
	l.Close()
	l, _ = openAt(t, path)
	require.Equal(t, 1, l.Waiting(), "who was refused has changed nothing")
}

func TestAKilledProcessLetsGoOfItsFile(t *testing.T) {
	path := pathIn(t)
	said, kill := holder(t, path)
	require.Equal(t, "held\n", said)
	_, err := Open(path, new(atomic.Int64), nil)
	require.ErrorIs(t, err, ErrInUse)
	kill()
	l, _ := openAt(t, path)
	_, done := l.Take(idOfNumber(1))
	require.Equal(t, []uint32{3, 4}, ordinalsOf(done), "what it noted is there")
}

// A hot reload opens the file again at once, while a child that the process is
// about to start may have its lock for a moment: until it becomes its own program.
func TestAClosedLedgerHasNoLockWhoeverHasItsFile(t *testing.T) {
	path := pathIn(t)
	l, _ := openAt(t, path)
	inherited := inherit(t, l.journal.lock)
	l.Close()
	l, _ = openAt(t, path)
	_, err := Open(path, new(atomic.Int64), nil)
	require.ErrorIs(t, err, ErrInUse)
	require.NoError(t, inherited.Close())
	_, err = Open(path, new(atomic.Int64), nil)
	require.ErrorIs(t, err, ErrInUse, "nor does its end let go of the lock of the next one")
	l.Close()
}
