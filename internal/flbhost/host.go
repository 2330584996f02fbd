package flbhost

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Host is a process that has a plugin loaded. Its methods may be called from several goroutines.
// One goroutine of its own reads the answers; it ends with the process, and Wait waits for it.
type Host struct {
	cmd          *exec.Cmd
	timeout      time.Duration
	output       *output
	registration Registration

	done chan struct{} // closed when the process has ended and exit is set

	exit *ExitError // how the process ended; set before done is closed

	// sending guards the following: a command and its bytes are written as one.
	sending sync.Mutex
	stdin   io.WriteCloser
	unsent  []byte // memory for what is written together

	// mu guards the following.
	mu      sync.Mutex
	last    uint64                  // the number of the last command
	waiting map[uint64]chan<- reply // by command; each channel has room for its one reply
	heard   time.Time               // when the last answer came, or someone began to wait
	silence *time.Timer             // set while there is one waiting; nil once the process has ended
	reason  string                  // why the driver killed the process, if it did
}

// Start starts the host program with the library, registers the plugin and initialises config's instances in order.
// Where FLBPluginInit refuses one, the error is an *InitError; where the process ends, an *ExitError. In both cases
// nothing is left running.
func Start(config Config) (*Host, error) {
	h, err := launch(config)
	if err != nil {
		return nil, err
	}
	if err := h.initialise(config.Instances); err != nil {
		h.Kill()
		h.Wait()
		return nil, err
	}
	return h, nil
}

// initialise sends each instance its options and checks the answer.
func (h *Host) initialise(instances []map[string]string) error {
	for i, options := range instances {
		var payload []byte
		for key, value := range options {
			if strings.ContainsRune(key+value, 0) {
				return fmt.Errorf("instance %d: option %q: a NUL cannot be in a key or a value", i, key)
			}
			payload = append(payload, key+"\x00"+value+"\x00"...)
		}
		r := <-h.send(fmt.Sprintf("init %d", len(payload)), payload)
		fields, err := r.fields("inited", 1)
		if err != nil {
			return fmt.Errorf("instance %d: %w", i, err)
		}
		if code := int(fields[0]); code <= 0 {
			_ = h.Exit() // the refusal is what matters; the output is complete only now
			return &InitError{Instance: i, Code: code, Log: h.Log(), Stderr: h.Stderr()}
		}
	}
	return nil
}

// Registration is what the plugin registered itself as.
func (h *Host) Registration() Registration {
	return h.registration
}

// Flush hands one chunk to instance and returns what became of it, retries included.
func (h *Host) Flush(instance int, tag string, chunk []byte) (Result, error) {
	return h.Go(instance, tag, chunk).Wait()
}

// Go queues one chunk for instance, and returns at once. The bytes are not used after it has returned.
func (h *Host) Go(instance int, tag string, chunk []byte) *Job {
	return &Job{replies: h.send(fmt.Sprintf("offer %d %d %d", instance, len(tag), len(chunk)), []byte(tag), chunk)}
}

// Loaded is a chunk in the host's memory, to be flushed any number of times.
type Loaded uint64

// Load puts a chunk into the host's memory.
func (h *Host) Load(tag string, chunk []byte) (Loaded, error) {
	r := <-h.send(fmt.Sprintf("load %d %d", len(tag), len(chunk)), []byte(tag), chunk)
	_, err := r.fields("loaded", 0)
	return Loaded(r.number), err
}

// Unload takes a chunk out of the host's memory, once the flushes that use it are done.
func (h *Host) Unload(chunk Loaded) error {
	r := <-h.send(fmt.Sprintf("unload %d", chunk))
	_, err := r.fields("unloaded", 0)
	return err
}

// GoLoaded queues a loaded chunk for instance, and returns at once.
func (h *Host) GoLoaded(instance int, chunk Loaded) *Job {
	return &Job{replies: h.send(fmt.Sprintf("flush %d %d", instance, chunk))}
}

// Repeat flushes loaded chunks in turn, passes times over, by all workers of instance, and returns when all are done.
// Only the flushes are between its clocks: nothing is sent to or read from the host meanwhile.
func (h *Host) Repeat(instance, passes int, chunks ...Loaded) (Totals, error) {
	var list strings.Builder
	for _, chunk := range chunks {
		list.WriteString(strconv.FormatUint(uint64(chunk), 10) + " ")
	}
	r := <-h.send(fmt.Sprintf("repeat %d %d %d", instance, passes, list.Len()), []byte(list.String()))
	f, err := r.fields("repeated", 8)
	if err != nil {
		return Totals{}, err
	}
	return Totals{
		OK: int(f[0]), Retry: int(f[1]), Error: int(f[2]), NotOffered: int(f[3]), Offers: int(f[4]),
		InFlush: micros(f[5]), Wall: micros(f[6]), CPU: micros(f[7]),
	}, nil
}

// Stats says what the process has used. It does not wait for flushes under way.
func (h *Host) Stats() (Stats, error) {
	r := <-h.send("stats")
	f, err := r.fields("stats", 8)
	if err != nil {
		return Stats{}, err
	}
	return Stats{
		CPU: micros(f[0]), Wall: micros(f[1]), RSS: f[2], PeakRSS: f[3], Threads: int(f[4]),
		Loading: micros(f[5]), FirstInit: micros(f[6]), BareRSS: f[7],
	}, nil
}

// Reload does what a hot reload of Fluent Bit (SIGHUP) does: it exits all instances and makes new ones in the same
// process. No flush may be under way. Instance i of later calls is instances[i]; an error is as that of Start.
func (h *Host) Reload(instances ...map[string]string) error {
	r := <-h.send("reload")
	if _, err := r.fields("reloaded", 0); err != nil {
		return err
	}
	return h.initialise(instances)
}

// Exit ends the host as Fluent Bit ends: calls of flush that run are waited for, chunks that wait for one are not
// offered (their Result has the code they had), FLBPluginExitCtx is called for each instance in order, then
// FLBPluginUnregister. It returns when the process is gone: nil if that was with status 0, else an *ExitError.
func (h *Host) Exit() error {
	r := <-h.send("exit")
	_, err := r.fields("exited", 0)
	if err != nil {
		h.Kill() // does nothing to a process that has ended
	}
	status, waitErr := h.Wait()
	if err != nil {
		return err
	}
	if waitErr != nil {
		return waitErr
	}
	if status != 0 {
		return h.exit
	}
	return nil
}

// Kill ends the process with no warning, as a crash of Fluent Bit would. Wait says when it is gone.
func (h *Host) Kill() {
	h.kill("killed by its driver")
}

// Wait waits for the process to end, at most Config.Timeout, and returns its exit status; 128 and the signal's number
// if a signal ended it, as a shell has it. It asks the process for nothing: after Exit, Kill, or for a plugin that
// exits by itself.
func (h *Host) Wait() (status int, err error) {
	limit := time.NewTimer(h.timeout)
	defer limit.Stop()
	select {
	case <-h.done:
		return h.exit.Status, nil
	case <-limit.C:
		return 0, fmt.Errorf("the plugin host still runs after %v", h.timeout)
	}
}

// Done is closed when the process has ended.
func (h *Host) Done() <-chan struct{} {
	return h.done
}

// Pid is the process id of the host, or of its wrapper (FLBHOST_EXEC).
func (h *Host) Pid() int {
	return h.cmd.Process.Pid
}

// Log is all that the plugin has written to standard output so far.
func (h *Host) Log() string {
	return h.output.log()
}

// Stderr is all that has been written to standard error so far.
func (h *Host) Stderr() string {
	return h.output.stderr()
}

// Job is a chunk on its way.
type Job struct {
	once    sync.Once
	replies <-chan reply
	result  Result
	err     error
}

// Wait returns what became of the chunk, when it is known. The error is an *ExitError if the process ended first.
func (j *Job) Wait() (Result, error) {
	j.once.Do(func() {
		r := <-j.replies
		f, err := r.fields("flushed", 4)
		if err != nil {
			j.err = err
			return
		}
		j.result = Result{Code: int(f[0]), Offers: int(f[1]), InFlush: micros(f[2]), Elapsed: micros(f[3])}
	})
	return j.result, j.err
}

// WaitAll waits for all jobs and returns their results in the jobs' order, and the errors joined.
func WaitAll(jobs ...*Job) ([]Result, error) {
	results := make([]Result, len(jobs))
	errs := make([]error, len(jobs))
	for i, job := range jobs {
		results[i], errs[i] = job.Wait()
	}
	// After the end of the process every job has the same error: it is said once.
	var exit *ExitError
	for _, err := range errs {
		if errors.As(err, &exit) {
			return results, err
		}
	}
	return results, errors.Join(errs...)
}

func micros(n int64) time.Duration {
	return time.Duration(n) * time.Microsecond
}

// environment is this process's environment with changes as Config.Env has them.
func environment(changes []string) []string {
	env := os.Environ()
	for _, change := range changes {
		name, _, set := strings.Cut(change, "=")
		kept := env[:0:0]
		for _, variable := range env {
			if !strings.HasPrefix(variable, name+"=") {
				kept = append(kept, variable)
			}
		}
		if set {
			kept = append(kept, change)
		}
		env = kept
	}
	return env
}
