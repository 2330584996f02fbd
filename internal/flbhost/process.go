package flbhost

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// dumpTime is how long a silent process has to write its goroutines' stacks before it is killed.
const dumpTime = 5 * time.Second

// lastAnswers is how long answers are read after the process has ended, if the pipe stays open.
const lastAnswers = 2 * time.Second

// launch starts the process and waits for its first answer, the registration.
func launch(config Config) (*Host, error) {
	command, err := commandLine(config)
	if err != nil {
		return nil, err
	}
	out, err := newOutput(config)
	if err != nil {
		return nil, err
	}
	command = append(command, "log="+out.logFile)
	h := &Host{
		heard:   time.Now(),
		cmd:     exec.Command(command[0], command[1:]...),
		timeout: config.Timeout,
		output:  out,
		done:    make(chan struct{}),
		waiting: make(map[uint64]chan<- reply),
	}
	if h.timeout <= 0 {
		h.timeout = DefaultTimeout
	}
	h.cmd.Dir = config.Dir
	// A crash reports all goroutines, and a library with the race detector ends at its first race.
	h.cmd.Env = environment(append([]string{"GOTRACEBACK=all", "GORACE=halt_on_error=1"}, config.Env...))

	registered := make(chan reply, 1)
	h.waiting[0] = registered
	if err := h.start(); err != nil {
		out.close()
		return nil, fmt.Errorf("starting the plugin host: %w", err)
	}
	r := <-registered
	h.registration, err = parseRegistration(r)
	if err != nil {
		h.Kill()
		h.Wait()
		return nil, err
	}
	return h, nil
}

// start starts the process, and the goroutine that ends with it.
func (h *Host) start() error {
	stdin, err := h.cmd.StdinPipe()
	if err != nil {
		return err
	}
	stderr, err := os.OpenFile(h.output.stderrFile, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer stderr.Close() // the process has its own
	answers, stdout, err := os.Pipe()
	if err != nil {
		return err
	}
	defer stdout.Close() // so that the end of the process is the end of its answers
	h.stdin, h.cmd.Stdout, h.cmd.Stderr = stdin, stdout, stderr
	if err := h.cmd.Start(); err != nil {
		answers.Close()
		return err
	}
	h.silence = time.AfterFunc(h.timeout, h.tooSilent)
	go h.attend(answers)
	return nil
}

// attend reads the answers until the process has ended, and says so to everyone who waits. Where a process left behind
// still holds the pipe (wine starts a server), the answers end a little later than the process all the same.
func (h *Host) attend(answers *os.File) {
	defer answers.Close()
	read := make(chan struct{})
	go func() {
		defer close(read)
		h.readReplies(answers)
	}()
	err := h.cmd.Wait()
	select {
	case <-read:
	case <-time.After(lastAnswers):
		answers.Close()
		<-read
	}
	h.ended(err)
}

// expect registers a command that waits for its reply, and numbers it.
func (h *Host) expect(replies chan<- reply) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	if h.silence == nil {
		replies <- reply{number: h.last, err: h.exit}
		return h.last
	}
	if len(h.waiting) == 0 {
		h.heard = time.Now()
		h.silence.Reset(h.timeout)
	}
	h.waiting[h.last] = replies
	return h.last
}

// deliver hands an answer to who waits for it.
func (h *Host) deliver(answer reply) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if replies, ok := h.waiting[answer.number]; ok {
		delete(h.waiting, answer.number)
		replies <- answer
	}
	h.heard = time.Now()
}

// tooSilent runs when the process has answered nothing for the timeout although someone waits. A Go runtime that gets
// a segmentation violation from outside writes the stacks of its goroutines and exits: they tell what it waits for.
func (h *Host) tooSilent() {
	h.mu.Lock()
	if len(h.waiting) == 0 || h.silence == nil {
		h.mu.Unlock()
		return
	}
	if left := h.timeout - time.Since(h.heard); left > 0 {
		h.silence.Reset(left)
		h.mu.Unlock()
		return
	}
	h.reason = fmt.Sprintf("no answer for %v", h.timeout)
	h.mu.Unlock()

	_ = h.cmd.Process.Signal(syscall.SIGSEGV) // Windows has no such thing: killed below
	select {
	case <-h.done:
	case <-time.After(dumpTime):
		h.kill("")
	}
}

// kill ends the process, for a reason that its ExitError gives. The first reason stands.
func (h *Host) kill(reason string) {
	h.mu.Lock()
	if h.reason == "" {
		h.reason = reason
	}
	h.mu.Unlock()
	_ = h.cmd.Process.Kill() // an error says that the process has ended
}

// ended says to everyone who waits that the process is gone, and how.
func (h *Host) ended(err error) {
	h.output.close()
	status, reason := exitStatus(h.cmd.ProcessState, err)

	h.mu.Lock()
	defer h.mu.Unlock()
	h.silence.Stop()
	h.silence = nil
	if h.reason != "" {
		reason += ": " + h.reason
	}
	h.exit = &ExitError{Status: status, Reason: reason, Log: h.output.log(), Stderr: h.output.stderr()}
	close(h.done) // first: who gets the error may ask whether the process has ended
	for number, replies := range h.waiting {
		delete(h.waiting, number)
		replies <- reply{number: number, err: h.exit}
	}
}

// exitStatus is a process's exit status as a shell has it, and in words.
func exitStatus(state *os.ProcessState, err error) (int, string) {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return -1, err.Error()
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), state.String()
	}
	return state.ExitCode(), state.String()
}

// commandLine is the program and its arguments, the log apart.
func commandLine(config Config) ([]string, error) {
	binary, library, err := files(config)
	if err != nil {
		return nil, err
	}
	command := append(strings.Fields(os.Getenv("FLBHOST_EXEC")), binary,
		"library="+library,
		"workers="+strconv.Itoa(config.Workers),
		"retry-limit="+strconv.Itoa(config.RetryLimit),
		"backoff="+strconv.FormatInt(config.Backoff.Microseconds(), 10),
		"no-context="+flag(config.NoContext),
		"last-context="+flag(config.LastContext),
		"no-exit="+flag(config.NoExit),
		"daemon="+flag(config.Daemon),
		"share="+flag(config.ShareChunks),
		"stack="+strconv.Itoa(stackSize(config)),
	)
	if !config.Metrics {
		return command, nil
	}
	metrics, err := builtMetrics()
	return append(command, "metrics="+metrics), err
}

// files are the program and the library that config asks for. The paths are absolute, because the program may have
// another working directory, and looks for a bare name in the system's folders.
func files(config Config) (binary, library string, err error) {
	binary, library = config.Binary, config.Library
	if config.Race && binary == "" && library == "" {
		binary, err = RaceBinary()
		return binary, Linked, err
	}
	if binary == "" {
		if binary, err = Binary(); err != nil {
			return "", "", err
		}
	}
	if library == "" {
		if library, err = Library(); err != nil {
			return "", "", err
		}
	}
	if binary, err = filepath.Abs(binary); err != nil || library == Linked {
		return binary, library, err
	}
	library, err = filepath.Abs(library)
	return binary, library, err
}

// fluentBitStack is the default of Coro_Stack_Size: one and a half times the least stack of a thread.
const fluentBitStack = 24 << 10

// The reports of the race detector are made on the stack of the call, and need more of it than a plugin may.
func stackSize(config Config) int {
	if config.StackSize == 0 && (config.Race || config.Library == Linked) {
		return -1
	}
	if config.StackSize == 0 {
		return fluentBitStack
	}
	return config.StackSize
}

func flag(on bool) string {
	if on {
		return "1"
	}
	return "0"
}
