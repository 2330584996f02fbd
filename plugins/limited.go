package plugins

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"
)

// A Limited is one kind of warning or error that is said at most once per
// interval, however often its cause occurs, with the number of times it was held
// back since it was last said. It is safe for use by several goroutines at once.
//
// On a hot path, ask Due before building the arguments:
//
//	if missing.Due() {
//		missing.Say("no key %q in the record", key)
//	}
type Limited struct {
	logger   *Logger
	level    logrus.Level
	kind     string
	interval time.Duration
	made     time.Time // carries the monotonic clock that next counts by

	next atomic.Int64  // nanoseconds after made from which on a line is due
	held atomic.Uint64 // occurrences that were not said
}

// Limited returns a new kind of warning of the logger's. The kind names it in
// the line that Close writes for what was still held back. Where it is empty,
// how often that was is of no interest, and not said.
func (l *Logger) Limited(kind string, interval time.Duration) *Limited {
	return l.limit(logrus.WarnLevel, kind, interval)
}

// LimitedInfo is Limited for what is written at info.
func (l *Logger) LimitedInfo(kind string, interval time.Duration) *Limited {
	return l.limit(logrus.InfoLevel, kind, interval)
}

// LimitedError is Limited for what is written at error: what needs a person, or
// has cost data.
func (l *Logger) LimitedError(kind string, interval time.Duration) *Limited {
	return l.limit(logrus.ErrorLevel, kind, interval)
}

// Forget says what a kind still holds back, and lets go of it: it is not to be
// used any more.
func (l *Logger) Forget(w *Limited) {
	l.mu.Lock()
	l.limited = slices.DeleteFunc(slices.Clone(l.limited), func(other *Limited) bool { return other == w })
	l.mu.Unlock()
	w.flush()
}

func (l *Logger) limit(level logrus.Level, kind string, interval time.Duration) *Limited {
	w := &Limited{logger: l, level: level, kind: kind, interval: interval, made: time.Now()}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limited = append(l.limited, w)
	return w
}

// Due counts an occurrence of the kind and reports whether it is to be
// said: if so, Say is to be called next. It allocates nothing, and of
// goroutines that ask at the same moment one is told to.
func (w *Limited) Due() bool {
	now := int64(time.Since(w.made))
	next := w.next.Load()
	if now >= next && w.next.CompareAndSwap(next, now+int64(w.interval)) {
		return true
	}
	w.held.Add(1)
	return false
}

// Say writes the line that Due has asked for, and how often it was held
// back since the last time.
func (w *Limited) Say(format string, args ...any) {
	if held := w.held.Swap(0); held > 0 && w.kind != "" {
		format, args = "%s (%d more held back since it was last said)", []any{fmt.Sprintf(format, args...), held}
	}
	w.logger.printf(w.level, format, args)
}

// Warnf counts an occurrence of a kind of warning and says it if it is due.
func (w *Limited) Warnf(format string, args ...any) {
	if w.Due() {
		w.Say(format, args...)
	}
}

// flush says how many occurrences are still held back, if any are.
func (w *Limited) flush() {
	if held := w.held.Swap(0); held > 0 && w.kind != "" {
		w.logger.printf(w.level, "%s: %d more held back since it was last said", []any{w.kind, held})
	}
}
