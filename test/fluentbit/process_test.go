package fluentbit

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// process is a Fluent Bit that was started.
type process struct {
	t       *testing.T
	command *exec.Cmd
	output  string        // the file with all that it wrote
	ended   chan struct{} // closed when it has ended, and err is set
	err     error
}

// clean is what must not be in Fluent Bit's environment, were it set where the tests run.
var clean = []string{
	"FLB_LOG_LEVEL=", "SEND_FAILURE_TIMEOUT=", "EKS_POD_EXECUTION_ROLE=", "TZ=UTC",
	"AWS_PROFILE=", "AWS_REGION=", "AWS_DEFAULT_REGION=", "AWS_ROLE_ARN=", "AWS_WEB_IDENTITY_TOKEN_FILE=",
	"HTTP_PROXY=", "HTTPS_PROXY=", "http_proxy=", "https_proxy=",
}

// start runs Fluent Bit with a pipeline, and with arguments before those that name it. What is left of it when the test
// ends is killed.
func (s *stage) start(p pipeline, first ...string) *process {
	s.t.Helper()
	args, err := s.format.write(s.dir, s.library, p)
	require.NoError(s.t, err)
	args = append(first, args...)
	output, err := os.CreateTemp(s.dir, "output-*.log")
	require.NoError(s.t, err)
	defer output.Close() // the process has its own

	run := &process{t: s.t, command: exec.Command(s.program.path, args...), output: output.Name(), ended: make(chan struct{})}
	run.command.Dir = s.dir
	run.command.Env = append(append(append(os.Environ(), clean...), s.stream.Env()...), s.program.env...)
	run.command.Stdout, run.command.Stderr = output, output
	require.NoError(s.t, run.command.Start())
	go func() {
		defer close(run.ended)
		run.err = run.command.Wait()
	}()
	s.t.Cleanup(func() {
		run.end()
		if s.t.Failed() {
			s.t.Logf("%s %q wrote:\n%s", s.program.path, args, run.log())
		}
	})
	return run
}

// end ends the process if it has not. It is asked to first: of a container, to kill docker's client would not be the end.
func (p *process) end() {
	_ = p.command.Process.Signal(syscall.SIGTERM) // fails if it has ended, which is what is wanted
	select {
	case <-p.ended:
	case <-time.After(killAfter):
		_ = p.command.Process.Kill()
		<-p.ended
	}
}

// killAfter is how long a process that a failed test leaves behind has to end by itself.
const killAfter = 10 * time.Second

// log is all that the process has written.
func (p *process) log() string {
	p.t.Helper()
	text, err := os.ReadFile(p.output)
	require.NoError(p.t, err)
	return string(text)
}

// terminate asks the process to end, as every init system and container runtime does.
func (p *process) terminate() {
	p.t.Helper()
	require.NoError(p.t, p.command.Process.Signal(syscall.SIGTERM))
}

// awaitEnd waits until the process has ended, and returns how: nil is exit status 0.
func (p *process) awaitEnd() error {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.err
	case <-time.After(patience):
		require.FailNow(p.t, "Fluent Bit did not end")
		return nil
	}
}

// stop ends the process in good order.
func (p *process) stop() {
	p.t.Helper()
	p.terminate()
	require.NoError(p.t, p.awaitEnd())
}
