package ledger

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

const (
	leastRewrite = 1 << 20     // bytes that a journal has before it is written anew
	downTime     = time.Minute // until a file that could not be written is tried again
)

// A journal is the file of a ledger, whose mu guards it.
type journal struct {
	path   string
	lock   *os.File
	file   *os.File // nil while it cannot be written
	size   int64    // of the file
	fresh  int64    // bytes that it had when it was last written anew, about
	least  int64    // see leastRewrite
	retry  time.Time
	tell   func(error)
	runs   []run  // of what has landed of an entry
	buffer []byte // records that are to be written
}

// ErrInUse says that another ledger, of this process or of another, has the file.
var ErrInUse = errors.New("the file is in use by another instance")

// Open makes a ledger with a journal in a file, which is made where there is none,
// and reads what an earlier process has left in it.
//
// tell is called, at most once a minute, with the error where the file cannot be
// written any more, and with nil once it can again. Meanwhile the ledger goes on
// in memory.
func Open(path string, lost *atomic.Int64, tell func(error)) (*Ledger, error) {
	path, err := resolve(path)
	if err != nil {
		return nil, err
	}
	if err := checkOurs(path); err != nil {
		return nil, err
	}
	l := New(lost)
	l.noted = map[*Entry]struct{}{}
	l.journal = &journal{path: path, least: leastRewrite, tell: tell}
	if l.journal.lock, err = lockFile(path + ".lock"); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		err = l.load(file)
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

var never = time.Unix(1<<40, 0)

// Close lets go of the file. The ledger is not to be used afterwards.
func (l *Ledger) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if j := l.journal; j != nil {
		j.shut()
		unlockFile(j.lock)
		j.retry = never
	}
}

// resolve is the path without symbolic links, so that one file has one lock. A link
// to nothing would have another one once the file is there.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	target, err := filepath.EvalSymlinks(path)
	if err == nil {
		return target, nil
	}
	if info, e := os.Lstat(path); e == nil && info.Mode()&os.ModeSymlink != 0 {
		return "", fmt.Errorf("it is a link that leads to no file: %w", err)
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	return filepath.Join(dir, filepath.Base(path)), err
}

// checkOurs refuses what is no journal, before anything is written beside it.
func checkOurs(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("it is not a file")
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = readMagic(file)
	return err
}

// readMagic reads the first line. It is not whole where a process was ended as it
// wrote it.
func readMagic(file io.Reader) (whole bool, err error) {
	head := make([]byte, len(magic))
	n, err := io.ReadFull(file, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return false, err
	}
	if !strings.HasPrefix(magic, string(head[:n])) {
		return false, fmt.Errorf("it is not a ledger file of this version: it does not begin with %q", strings.TrimSpace(magic))
	}
	return n == len(magic), nil
}

// load reads the file and cuts off its broken tail.
func (l *Ledger) load(file *os.File) error {
	j, now := l.journal, time.Now()
	j.file = file
	_ = os.Remove(j.temporary()) // of a process that was ended as it wrote it
	whole, err := readMagic(file)
	if err != nil {
		return err
	}
	if !whole {
		j.buffer = append(j.buffer, magic...)
	} else {
		good, err := l.replay(file, now)
		if err != nil {
			return err
		}
		j.size = int64(len(magic)) + good
	}
	j.fresh = l.liveBytes()
	if err := errors.Join(file.Truncate(j.size), l.flush(now)); err != nil {
		j.giveUp(err, now)
	}
	return nil
}

func (l *Ledger) liveBytes() (n int64) {
	var record []byte
	for e := range l.noted {
		record = appendEntry(record[:0], e)
		n += int64(len(record))
	}
	return n
}

// write writes the records that are to be written. The caller holds mu.
func (l *Ledger) write(now time.Time) {
	if l.journal == nil || len(l.journal.buffer) == 0 {
		return
	}
	if err := l.flush(now); err != nil {
		l.journal.giveUp(err, now)
	}
}

// flush is write where there is a journal. The caller holds mu.
func (l *Ledger) flush(now time.Time) error {
	j := l.journal
	defer func() { j.buffer = j.buffer[:0] }()
	switch {
	case j.file == nil && now.Before(j.retry):
		return nil
	case j.file == nil, j.size+int64(len(j.buffer)) > max(j.least, 2*j.fresh):
		return l.rewrite(now)
	}
	n, err := j.file.WriteAt(j.buffer, j.size)
	j.size += int64(n)
	return err
}

// giveUp goes on without the file, for a while. What it holds would be out of
// date by the time that it is read: an entry whose end is missing would have the
// same bytes, were they to come once more, taken for the same chunk.
func (j *journal) giveUp(err error, now time.Time) {
	j.shut()
	if e := os.Truncate(j.path, 0); e != nil && !errors.Is(e, os.ErrNotExist) {
		err = errors.Join(err, fmt.Errorf("nor can it be emptied: %w", e))
	}
	j.retry = now.Add(downTime)
	j.tell(err)
}

func (j *journal) shut() {
	if j.file != nil {
		_ = j.file.Close() // nothing is lost with it: each write was one call
		j.file = nil
	}
}

func (j *journal) temporary() string { return j.path + ".new" }

// rewrite writes the entries that were not ended to a new file, which takes the
// place of the old one. What is in the buffer is among them. The caller holds mu.
func (l *Ledger) rewrite(now time.Time) error {
	j := l.journal
	size, err := j.writeNew(l.open(now))
	if err != nil {
		_ = os.Remove(j.temporary())
		return err
	}
	recovered := j.file == nil
	j.shut() // Windows renames no file over one that is open
	if err := os.Rename(j.temporary(), j.path); err != nil {
		_ = os.Remove(j.temporary())
		return err
	}
	if j.file, err = os.OpenFile(j.path, os.O_RDWR, 0); err != nil {
		return err
	}
	j.size, j.fresh = size, size
	if recovered {
		j.tell(nil)
	}
	return nil
}

// open is the entries that the journal is to have, in the order in which they
// began. Those that have come to their age leave it: flushes that panicked have
// left them behind.
func (l *Ledger) open(now time.Time) []*Entry {
	for e := range l.noted {
		if e.aged(now) {
			e.noted = false
			delete(l.noted, e)
		}
	}
	return slices.SortedFunc(maps.Keys(l.noted), byNumber)
}

// byNumber orders entries as they began.
func byNumber(a, b *Entry) int { return cmp.Compare(a.number, b.number) }

func (j *journal) writeNew(entries []*Entry) (size int64, err error) {
	file, err := os.OpenFile(j.temporary(), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriterSize(file, 64<<10)
	n, _ := out.WriteString(magic) // an error stays with out
	size = int64(n)
	var record []byte
	for _, e := range entries {
		record = appendEntry(record[:0], e)
		n, _ := out.Write(record)
		size += int64(n)
	}
	return size, errors.Join(out.Flush(), file.Close())
}
