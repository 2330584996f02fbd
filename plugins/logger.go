package plugins

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/sirupsen/logrus"
)

// A Logger writes the lines of a plugin, or of one instance of it. It is safe
// for use by several goroutines at once.
type Logger struct {
	log    *logrus.Logger // shared by the process; writes a line at a time
	name   string         // of the plugin
	prefix string         // "[name] " or "[name N] ", in front of every line

	mu      sync.Mutex // guards the following
	limited []*Limited // in the order in which they were made
}

// NewLogger returns the logger of a process: its lines go to out and begin
// with "[name] ". The level is debug, info, warn or error in any case, as in
// the environment variable FLB_LOG_LEVEL, and info where it is empty. A level
// that is none of these is info, and the first line says so.
func NewLogger(out io.Writer, name, level string) *Logger {
	l := &Logger{log: logrus.New(), name: name, prefix: "[" + name + "] "}
	l.log.SetOutput(out)
	l.log.SetFormatter(&logrus.TextFormatter{FullTimestamp: true})
	parsed, known := parseLevel(level)
	l.log.SetLevel(parsed)
	if !known {
		l.Warnf("FLB_LOG_LEVEL = %s: must be debug, info, warn or error; info is used", quote(level))
	}
	return l
}

// Instance returns the logger of instance n, whose lines begin with
// "[name n] ". It has the same output and level.
func (l *Logger) Instance(n int) *Logger {
	return &Logger{log: l.log, name: l.name, prefix: fmt.Sprintf("[%s %d] ", l.name, n)}
}

func parseLevel(text string) (level logrus.Level, known bool) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "debug":
		return logrus.DebugLevel, true
	case "", "info":
		return logrus.InfoLevel, true
	case "warn":
		return logrus.WarnLevel, true
	case "error":
		return logrus.ErrorLevel, true
	}
	return logrus.InfoLevel, false
}

// Debugf writes a line at debug. Its arguments cost an allocation even where
// the level is higher, so ask Debugging first in a loop.
func (l *Logger) Debugf(format string, args ...any) { l.printf(logrus.DebugLevel, format, args) }

// Infof writes a line at info.
func (l *Logger) Infof(format string, args ...any) { l.printf(logrus.InfoLevel, format, args) }

// Warnf writes a line at warn. What may happen for every record or request
// belongs into a Limited instead.
func (l *Logger) Warnf(format string, args ...any) { l.printf(logrus.WarnLevel, format, args) }

// Errorf writes a line at error.
func (l *Logger) Errorf(format string, args ...any) { l.printf(logrus.ErrorLevel, format, args) }

// ErrorEach writes an error at error, or each of the errors that errors.Join
// has put together in a line of its own. The text goes before each.
func (l *Logger) ErrorEach(text string, err error) {
	if err == nil {
		return
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		l.Errorf("%s%v", text, err)
		return
	}
	for _, e := range joined.Unwrap() {
		l.ErrorEach(text, e)
	}
}

// Debugging reports whether lines at debug are written.
func (l *Logger) Debugging() bool { return l.log.IsLevelEnabled(logrus.DebugLevel) }

// Close says what the logger's limited warnings still hold back. The logger
// can be used further on.
func (l *Logger) Close() {
	l.mu.Lock()
	limited := l.limited
	l.mu.Unlock()
	for _, w := range limited {
		w.flush()
	}
}

func (l *Logger) printf(level logrus.Level, format string, args []any) {
	if l.log.IsLevelEnabled(level) {
		l.log.Log(level, l.prefix+fmt.Sprintf(format, args...))
	}
}
