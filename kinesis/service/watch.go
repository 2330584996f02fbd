package service

import (
	"os"
	"slices"
	"time"
)

// watchInterval is how often the files are looked at, at most.
const watchInterval = 2 * time.Second

// A watch knows the files that credentials come from, and what they were when
// they were read. It is for one goroutine at a time.
type watch struct {
	next  time.Time // until then nobody looks
	files fileStates
	// processes are the files of credential_process. One may be written by the
	// process itself, which is no news: see settle.
	processes fileStates
	settled   bool // whether that was done since the files were read
}

// newWatch notes how the files are, before they are read: none of the changes
// that follow is missed.
func newWatch() watch {
	tokens, processes := namedFiles()
	return watch{
		next:      time.Now().Add(watchInterval),
		files:     statesOf(slices.Concat(sharedFiles(), tokenFiles(), tokens)),
		processes: statesOf(processes),
	}
}

// due tells whether a file has changed. It looks once in an interval.
func (w *watch) due() bool {
	now := time.Now()
	if now.Before(w.next) {
		return false
	}
	w.next = now.Add(watchInterval)
	return w.changed()
}

func (w *watch) changed() bool { return w.files.changed() || w.processes.changed() }

// settle notes what the files of credential_process are now that it has run.
func (w *watch) settle() {
	w.settled = true
	for name := range w.processes {
		w.processes[name] = stateOf(name)
	}
}

// fileStates are what files were, by name; nil for one that was not there.
type fileStates map[string]os.FileInfo

func statesOf(names []string) fileStates {
	states := make(fileStates, len(names))
	for _, name := range names {
		states[name] = stateOf(name)
	}
	return states
}

func stateOf(name string) os.FileInfo {
	info, err := os.Stat(name)
	if err != nil {
		return nil
	}
	return info
}

func (s fileStates) changed() bool {
	for name, before := range s {
		now := stateOf(name)
		switch {
		case before == nil && now == nil:
		case before == nil || now == nil:
			return true
		case before.Size() != now.Size() || !before.ModTime().Equal(now.ModTime()) || !os.SameFile(before, now):
			return true
		}
	}
	return false
}
