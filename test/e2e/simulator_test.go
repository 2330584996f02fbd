//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A simulator is a kinesis-local that runs.
type simulator struct {
	https, http string // endpoints
	caFile      string // PEM: what to trust for https
	proxy       string // URL of what leads to it from AWS's own address, if anything does
}

// runSimulator starts kinesis-local with streams, by the number of their shards,
// for the length of a test. It serves TLS with the certificate in the
// server.json of the folder, as it does in its package's folder with the one
// that it brings.
func runSimulator(t *testing.T, folder string, streams map[string]int) *simulator {
	t.Helper()
	s := &simulator{caFile: filepath.Join(t.TempDir(), "ca.pem")}
	require.NoError(t, os.WriteFile(s.caFile, certificateIn(t, folder), 0o600))

	const attempts = 3 // another program may take a port before the simulator does
	for attempt := 1; ; attempt++ {
		err := s.start(t, folder, streams)
		if err == nil {
			return s
		}
		require.Less(t, attempt, attempts, "kinesis-local does not start: %v", err)
	}
}

func (s *simulator) start(t *testing.T, folder string, streams map[string]int) error {
	t.Helper()
	tlsPort, plainPort := freePort(t), freePort(t)
	s.https = fmt.Sprintf("https://127.0.0.1:%d", tlsPort)
	s.http = fmt.Sprintf("http://127.0.0.1:%d", plainPort)

	const shardLimit = 10_000 // of the region, beyond what any test needs
	var initial []string
	for stream, shards := range streams {
		initial = append(initial, fmt.Sprintf("%s:%d", stream, shards))
	}
	simulator := node(context.Background(), t, "simulator.cjs")
	simulator.Dir = folder
	simulator.Env = append(simulator.Env,
		fmt.Sprint("KINESIS_MOCK_TLS_PORT=", tlsPort),
		fmt.Sprint("KINESIS_MOCK_PLAIN_PORT=", plainPort),
		fmt.Sprint("SHARD_LIMIT=", shardLimit),
		"INITIALIZE_STREAMS="+strings.Join(initial, ","),
		"AWS_REGION="+region,
		"LOG_LEVEL=WARN",
	)
	var log bytes.Buffer // read once the process has ended
	simulator.Stdout, simulator.Stderr = &log, &log
	_, err := simulator.StdinPipe() // open as long as this process lives
	require.NoError(t, err)
	if err := simulator.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		_ = simulator.Wait() // it is killed, or says in its log why it ended
		close(ended)
	}()
	stop := func() {
		_ = simulator.Process.Kill() // it has ended already, at worst
		<-ended
	}
	if !s.awaitHealth(ended) {
		stop()
		return fmt.Errorf("not healthy; its log:\n%s", log.String())
	}
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			t.Logf("kinesis-local's log:\n%s", withoutStarvation(log.String()))
		}
	})
	return nil
}

// withoutStarvation is the simulator's log without what it says each time that
// it has been busy for a while.
func withoutStarvation(log string) string {
	var kept strings.Builder
	for line := range strings.Lines(log) {
		if !strings.Contains(line, "Your CPU is probably starving") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// awaitHealth waits until the simulator answers. It is false where it has ended
// or stays silent.
func (s *simulator) awaitHealth(ended <-chan struct{}) bool {
	client := http.Client{Timeout: 5 * time.Second}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		answer, err := client.Get(s.http + "/healthcheck")
		if err == nil {
			answer.Body.Close()
			return answer.StatusCode == http.StatusOK
		}
		select {
		case <-ended:
			return false
		case <-time.After(50 * time.Millisecond):
		}
	}
	return false
}

// freePort is a port that nothing listens on now.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", ":0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
