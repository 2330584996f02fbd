package flbhost

import (
	"os"
	"path/filepath"
	"sync"
)

// output is where the process's standard output and standard error go.
type output struct {
	logFile, stderrFile string
	temporary           string // the folder that close removes; empty if both files are the caller's

	mu                  sync.Mutex // guards the following
	closed              bool
	logText, stderrText string // once closed
}

func newOutput(config Config) (*output, error) {
	o := &output{logFile: config.LogFile, stderrFile: config.StderrFile}
	var err error
	if o.logFile == "" || o.stderrFile == "" {
		if o.temporary, err = os.MkdirTemp("", "flbhost-"); err != nil {
			return nil, err
		}
	}
	if o.logFile == "" {
		o.logFile = filepath.Join(o.temporary, "log")
	}
	if o.stderrFile == "" {
		o.stderrFile = filepath.Join(o.temporary, "stderr")
	}
	// The process may have another working directory.
	if o.logFile, err = filepath.Abs(o.logFile); err != nil {
		o.close()
		return nil, err
	}
	return o, nil
}

func (o *output) log() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return o.logText
	}
	return readOutput(o.logFile)
}

func (o *output) stderr() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return o.stderrText
	}
	return readOutput(o.stderrFile)
}

// close reads the files a last time and removes those that are temporary.
func (o *output) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.logText, o.stderrText = readOutput(o.logFile), readOutput(o.stderrFile)
	o.closed = true
	if o.temporary != "" {
		_ = os.RemoveAll(o.temporary) // in the system's folder for such files, at worst
	}
}

// readOutput is a file's text; nothing if it is not there yet, or a terminal or pipe, which cannot be read back.
func readOutput(file string) string {
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() {
		return ""
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return string(text)
}
