package ledger

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func pathIn(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "ledger")
}

// openAt opens a ledger until the end of the test, which fails if the file cannot
// be written.
func openAt(t testing.TB, path string) (*Ledger, *atomic.Int64) {
	t.Helper()
	var lost atomic.Int64
	l, err := Open(path, &lost, func(err error) { t.Errorf("the file is written, or not: %v", err) })
	require.NoError(t, err)
	t.Cleanup(l.Close)
	return l, &lost
}

// afterKill is a ledger that another process opens after this one was killed: it
// has the file as it is now.
func afterKill(t testing.TB, path string) *Ledger {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	copied := pathIn(t)
	require.NoError(t, os.WriteFile(copied, content, 0o600))
	l, _ := openAt(t, copied)
	return l
}

func sizeOf(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Size()
}

func TestWhatWasNotedIsThereAfterAKill(t *testing.T) {
	path := pathIn(t)
	l, _ := openAt(t, path)
	require.True(t, l.Journaled())
	a, b, c, d := l.Begin(idOfNumber(1)), l.Begin(idOfNumber(2)), l.Begin(idOfNumber(3)), l.Begin(idOfNumber(4))
	l.Note([]Landing{{a, []uint32{0, 1, 2}}, {b, []uint32{7}}, {c, []uint32{1}}})
	l.Note([]Landing{{a, []uint32{10, 9}}})
	l.Return(b, setOf(7, 8))
	l.Return(d, setOf(1))
	l.End(c)

	l = afterKill(t, path)
	require.Equal(t, 2, l.Waiting())
	for i, want := range map[int][]uint32{1: {0, 1, 2, 9, 10}, 2: {7}, 3: nil, 4: nil} {
		e, done := l.Take(idOfNumber(i))
		require.Equal(t, want != nil, e != nil)
		require.Equal(t, want, ordinalsOf(done))
	}
}

func TestAnEntryGoesOnOverManyProcesses(t *testing.T) {
	path := pathIn(t)
	for i := range uint32(5) {
		l, _ := openAt(t, path)
		e, done := l.Take(idOfNumber(1))
		require.Equal(t, i > 0, e != nil)
		require.Len(t, ordinalsOf(done), int(i))
		if e == nil {
			e = l.Begin(idOfNumber(1))
		}
		l.Note([]Landing{{e, []uint32{i}}})
		l.Close()
	}
	l, _ := openAt(t, path)
	e, _ := l.Take(idOfNumber(1))
	l.End(e)
	l.Close()
	l, _ = openAt(t, path)
	require.True(t, l.Empty())
}

func TestEntriesOfOneChunkAreSpentInTheOrderInWhichTheyBegan(t *testing.T) {
	path := pathIn(t)
	l, _ := openAt(t, path)
	var entries []*Entry
	for i := range uint32(4) {
		e := l.Begin(idOfNumber(1))
		l.Note([]Landing{{e, []uint32{i}}})
		entries = append(entries, e)
	}
	l.Note([]Landing{{entries[0], []uint32{10}}})
	l.End(entries[2])
	l = afterKill(t, path)
	for _, want := range [][]uint32{{0, 10}, {1}, {3}, nil} {
		_, done := l.Take(idOfNumber(1))
		require.Equal(t, want, ordinalsOf(done))
	}
}

func TestABrokenTailIsCutOffAtEveryByte(t *testing.T) {
	path := pathIn(t)
	l, _ := openAt(t, path)
	type state struct {
		size int64
		want map[uint64]opened
	}
	states := []state{{int64(len(magic)), map[uint64]opened{}}}
	remember := func() {
		states = append(states, state{sizeOf(t, path), contents(afterKill(t, path))})
	}
	a, b := l.Begin(idOfNumber(1)), l.Begin(idOfNumber(2))
	for _, step := range []func(){
		func() { l.Note([]Landing{{a, []uint32{1, 2, 3}}}) },
		func() { l.Note([]Landing{{b, []uint32{1, 5}}}) },
		func() { l.Note([]Landing{{a, []uint32{8}}}) },
		func() { l.End(b) },
	} {
		step()
		remember()
	}
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	at := 0
	for cut := range len(whole) + 1 {
		for at+1 < len(states) && int64(cut) >= states[at+1].size {
			at++
		}
		for name, tail := range map[string]string{"": "", "zeros": "\x00\x00\x00\x00\x00\x00\x00\x00\x00", "garbage": "\xff\xee\xdd"} {
			if tail != "" && int64(cut) != states[at].size {
				continue // what may be the rest of a record, or of the first line
			}
			broken := pathIn(t)
			require.NoError(t, os.WriteFile(broken, append(whole[:cut:cut], tail...), 0o600))
			l, _ := openAt(t, broken)
			require.Equal(t, states[at].want, contents(l), "cut at %d, then %s", cut, name)
			require.Equal(t, states[at].size, sizeOf(t, broken), "the tail is cut off")
			e := l.Begin(idOfNumber(3))
			l.Note([]Landing{{e, []uint32{4}}})
			again := afterKill(t, broken)
			require.Equal(t, len(states[at].want)+1, again.Waiting(), "what is written then is read")
			l.Close()
			again.Close()
		}
	}
	require.Equal(t, len(states)-1, at)
}

func TestAFileOfSomeoneElseIsLeftAlone(t *testing.T) {
	for name, content := range map[string]string{
		"of another program": "[SERVICE]\n",
		"of a later version": "kinesis ledger 2\n",
		"one letter":         "x",
	} {
		path := pathIn(t)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		_, err := Open(path, new(atomic.Int64), nil)
		require.ErrorContains(t, err, "not a ledger file of this version", name)
		found, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, content, string(found))
		require.NoFileExists(t, path+".lock")
	}
}

func TestWhatIsNoFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	_, err := Open(dir, new(atomic.Int64), nil)
	require.ErrorContains(t, err, "not a file")
	require.NoFileExists(t, dir+".lock")
	_, err = Open(filepath.Join(dir, "no such folder", "ledger"), new(atomic.Int64), nil)
	require.ErrorIs(t, err, os.ErrNotExist)
	if _, e := os.Stat("/dev/full"); e == nil {
		_, err = Open("/dev/full", new(atomic.Int64), nil)
		require.ErrorContains(t, err, "not a file")
	}
}

func TestAFolderThatCannotBeWrittenIsRefused(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o500))
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	if probe, err := os.Create(filepath.Join(dir, "probe")); err == nil {
		_ = probe.Close()
		t.Skip("this user, or this system, writes into any folder")
	}
	_, err := Open(filepath.Join(dir, "ledger"), new(atomic.Int64), nil)
	require.ErrorIs(t, err, os.ErrPermission)
}

func TestAFileIsForItsOwnerAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no such modes")
	}
	t.Chdir(t.TempDir())
	l, _ := openAt(t, "ledger") // which begins in the working folder
	for range 2 {
		for _, name := range []string{"ledger", "ledger.lock"} {
			info, err := os.Stat(name)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode(), name)
		}
		l.journal.least = 0
		l.Note([]Landing{{l.Begin(idOfNumber(1)), []uint32{1}}}) // writes it anew
	}
	require.Equal(t, 2, afterKill(t, "ledger").Waiting())
}

func TestALinkLeadsToTheFile(t *testing.T) {
	path, link := pathIn(t), pathIn(t)
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	l, _ := openAt(t, link)
	_, err := Open(path, new(atomic.Int64), nil)
	require.ErrorIs(t, err, ErrInUse)
	l.journal.least = 0
	l.Note([]Landing{{l.Begin(idOfNumber(1)), []uint32{1}}})
	require.Equal(t, 1, afterKill(t, path).Waiting(), "the file, not the link, was written anew")
}

func TestALinkToNothingIsRefused(t *testing.T) {
	path, link := pathIn(t), pathIn(t)
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	_, err := Open(link, new(atomic.Int64), nil)
	require.ErrorContains(t, err, "it is a link that leads to no file")
	require.NoFileExists(t, path)
	require.NoFileExists(t, link+".lock")
}

func TestAJournalIsWrittenAnewAsItGrows(t *testing.T) {
	path := pathIn(t)
	l, _ := openAt(t, path)
	l.journal.least = 2000
	keep := l.Begin(idOfNumber(-1))
	l.Note([]Landing{{keep, []uint32{1, 2, 3}}})
	shrunk := 0
	for i := range 1000 {
		before := sizeOf(t, path)
		e := l.Begin(idOfNumber(i))
		l.Note([]Landing{{e, []uint32{1}}})
		l.Note([]Landing{{keep, []uint32{uint32(2 * i)}}})
		l.End(e)
		if sizeOf(t, path) < before {
			shrunk++
		}
		require.LessOrEqual(t, sizeOf(t, path), int64(2*(2000+5000)), "twice what it must hold at most")
	}
	require.Greater(t, shrunk, 5)
	require.NoFileExists(t, path+".new")
	again := afterKill(t, path)
	require.Equal(t, 1, again.Waiting())
	_, done := again.Take(idOfNumber(-1))
	require.Equal(t, ordinalsOf(keep.done), ordinalsOf(done))
}

func TestWhatAKilledProcessHadHalfWrittenAnewIsRemoved(t *testing.T) {
	path := pathIn(t)
	l, _ := openAt(t, path)
	l.Note([]Landing{{l.Begin(idOfNumber(1)), []uint32{1}}})
	l.Close()
	require.NoError(t, os.WriteFile(path+".new", []byte(magic[:4]), 0o600))
	l, _ = openAt(t, path)
	require.Equal(t, 1, l.Waiting())
	require.NoFileExists(t, path+".new")
}

func TestEntriesLeaveTheFileAsTheyLeaveTheLedger(t *testing.T) {
	path := pathIn(t)
	l, lost := openAt(t, path)
	for i := range MaxEntries + 10 {
		e := l.Begin(idOfNumber(i))
		l.Note([]Landing{{e, []uint32{1}}})
		l.Return(e, nil)
	}
	require.EqualValues(t, 10, lost.Load())
	require.Equal(t, contents(l), contents(afterKill(t, path)))
}

func TestBoundsHoldForWhatIsRead(t *testing.T) {
	path := pathIn(t)
	l, _ := openAt(t, path)
	for i := range MaxEntries + 10 { // all under way at once
		l.Note([]Landing{{l.Begin(idOfNumber(i)), []uint32{1}}})
	}
	l.Close()
	l, lost := openAt(t, path)
	require.Equal(t, MaxEntries, l.Waiting())
	require.EqualValues(t, 10, lost.Load())
	e, _ := l.Take(idOfNumber(9))
	require.Nil(t, e, "the oldest have left")
	l.Close()
	l, lost = openAt(t, path)
	require.Equal(t, MaxEntries, l.Waiting())
	require.Zero(t, lost.Load(), "and have left the file, too")
}

func TestAnEntryHasItsAgeInTheNextProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := pathIn(t)
		l, _ := openAt(t, path)
		a, b := l.Begin(idOfNumber(1)), l.Begin(idOfNumber(2))
		l.Note([]Landing{{a, []uint32{1}}, {b, []uint32{1}}})
		time.Sleep(MaxAge - time.Minute)
		l.Note([]Landing{{b, []uint32{2}}})
		l.Close()
		time.Sleep(2 * time.Minute)
		l, lost := openAt(t, path)
		require.EqualValues(t, 1, lost.Load())
		e, _ := l.Take(idOfNumber(1))
		require.Nil(t, e)
		_, done := l.Take(idOfNumber(2))
		require.Equal(t, []uint32{1, 2}, ordinalsOf(done))
		l.Close()
	})
}

// An outage may be longer than an entry's age: Fluent Bit goes on offering the
// chunk, and so the entry does not come to its age.
func TestAnEntryThatGoesBackIsYoungAgainInTheNextProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := pathIn(t)
		l, _ := openAt(t, path)
		e := l.Begin(idOfNumber(1))
		l.Note([]Landing{{e, []uint32{1}}})
		for range 3 {
			time.Sleep(MaxAge - time.Minute)
			l.Return(e, nil)
			e, _ = l.Take(idOfNumber(1))
		}
		l.Close()
		time.Sleep(MaxAge - time.Minute)
		l, _ = openAt(t, path)
		_, done := l.Take(idOfNumber(1))
		require.Equal(t, []uint32{1}, ordinalsOf(done))
		l.Close()
	})
}

func TestAnEntryOfAClockThatWasAheadDoesNotStayForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &Entry{number: 1, at: time.Now().Add(1000 * time.Hour), done: setOf(1)}
		l := replayed(t, appendEntry(nil, e), time.Now())
		require.Equal(t, 1, l.Waiting())
		time.Sleep(MaxAge + time.Second)
		l.shed(time.Now(), 1)
		require.True(t, l.Empty())
	})
}

// What was written while the clock was ahead stands before what is older by it.
func TestAnEntryIsNotKeptBeyondItsAgeByOneOfAClockThatWasAhead(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	ahead := &Entry{id: idOfNumber(1), number: 1, at: now.Add(time.Hour), done: setOf(1)}
	old := &Entry{id: idOfNumber(2), number: 2, at: now.Add(-MaxAge - time.Second), done: setOf(1)}
	l := replayed(t, appendEntry(appendEntry(nil, ahead), old), now)
	require.Equal(t, map[uint64]opened{1: {idOfNumber(1), []uint32{1}}}, contents(l))
}

// A flush that panicked ends no entry.
func TestAnEntryThatNobodyEndsLeavesTheFileInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := pathIn(t)
		l, _ := openAt(t, path)
		l.Note([]Landing{{l.Begin(idOfNumber(1)), []uint32{1}}})
		time.Sleep(MaxAge + time.Second)
		l.journal.least = 0
		late := l.Begin(idOfNumber(2))
		l.Note([]Landing{{late, []uint32{1}}})
		require.Len(t, l.noted, 1)
		require.Equal(t, 1, afterKill(t, path).Waiting())
		l.Close()
	})
}

// A fillable is told what became of the file.
type fillable struct{ told []error }

func (f *fillable) tell(err error) { f.told = append(f.told, err) }

func TestAFileThatIsFullIsDoneWithoutAndTriedAgain(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip("there is no full file here: ", err)
	}
	synctest.Test(t, func(t *testing.T) {
		path := pathIn(t)
		var f fillable
		l, err := Open(path, new(atomic.Int64), f.tell)
		require.NoError(t, err)
		defer l.Close()
		a, b := l.Begin(idOfNumber(1)), l.Begin(idOfNumber(2))
		l.Note([]Landing{{a, []uint32{1}}})
		l.journal.shut()
		l.journal.file = full

		l.Note([]Landing{{b, []uint32{1}}})
		require.Len(t, f.told, 1)
		require.ErrorContains(t, f.told[0], "no space left on device")
		require.Zero(t, sizeOf(t, path), "what is out of date is gone")
		l.Note([]Landing{{b, []uint32{2}}})
		l.End(a)
		l.Return(b, setOf(3))
		require.Equal(t, 1, l.Waiting(), "the ledger goes on in memory")
		require.Len(t, f.told, 1)
		require.True(t, afterKill(t, path).Empty())

		time.Sleep(downTime)
		c := l.Begin(idOfNumber(3))
		l.Note([]Landing{{c, []uint32{7}}})
		require.Equal(t, []error{f.told[0], nil}, f.told)
		again := afterKill(t, path)
		require.Equal(t, 2, again.Waiting(), "with all that is open meanwhile")
		_, done := again.Take(idOfNumber(2))
		require.Equal(t, []uint32{1, 2, 3}, ordinalsOf(done))
	})
}

func TestAFileThatIsFullAtTheStartIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := pathIn(t)
		l, _ := openAt(t, path)
		l.Note([]Landing{{l.Begin(idOfNumber(1)), []uint32{1}}})
		l.Close()

		readOnly, err := os.Open(path) // cannot be written, as if it were full
		require.NoError(t, err)
		var f fillable
		l, _ = inMemory()
		l.noted, l.journal = map[*Entry]struct{}{}, &journal{path: path, least: leastRewrite, tell: f.tell}
		require.NoError(t, l.load(readOnly))
		require.Len(t, f.told, 1)
		require.Error(t, f.told[0])
		require.Equal(t, 1, l.Waiting(), "what it held is known all the same")
		require.Zero(t, sizeOf(t, path))

		time.Sleep(downTime)
		e, _ := l.Take(idOfNumber(1))
		l.Note([]Landing{{e, []uint32{2}}})
		require.Len(t, f.told, 2)
		_, done := afterKill(t, path).Take(idOfNumber(1))
		require.Equal(t, []uint32{1, 2}, ordinalsOf(done))
		l.journal.shut()
	})
}

func TestAFileThatCannotBeWrittenAnewIsDoneWithout(t *testing.T) {
	path := pathIn(t)
	var f fillable
	l, err := Open(path, new(atomic.Int64), f.tell)
	require.NoError(t, err)
	defer l.Close()
	require.NoError(t, os.Mkdir(path+".new", 0o700)) // where the new file would be
	require.NoError(t, os.WriteFile(filepath.Join(path+".new", "x"), nil, 0o600))
	l.Note([]Landing{{l.Begin(idOfNumber(1)), []uint32{1}}})
	require.Empty(t, f.told)
	l.journal.least = 0
	l.Note([]Landing{{l.Begin(idOfNumber(2)), []uint32{1}}})
	require.Len(t, f.told, 1)
	require.Error(t, f.told[0])
	require.Zero(t, sizeOf(t, path))
}

func TestAFileThatCannotEvenBeEmptiedIsSaidToBe(t *testing.T) {
	var f fillable
	j := &journal{path: t.TempDir(), tell: f.tell} // a folder is not emptied so
	j.giveUp(errors.New("first"), time.Now())
	require.ErrorContains(t, f.told[0], "first")
	require.ErrorContains(t, f.told[0], "nor can it be emptied")
}
