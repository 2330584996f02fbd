//go:build linux

package test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// A slowResolver answers the host's lookups of streamHost, in its own time.
type slowResolver struct {
	t    *testing.T
	file string // says what is to happen
	env  []string
}

// runSlowResolver compiles the resolver, which takes the place of the C
// library's in the host.
func runSlowResolver(t *testing.T) *slowResolver {
	t.Helper()
	dir := t.TempDir()
	library := filepath.Join(dir, "slowdns.so")
	compiler, err := exec.Command("go", "env", "CC").Output()
	require.NoError(t, err)
	command := append(strings.Fields(string(compiler)), "-shared", "-fPIC", "-O1", "-Wall", "-o", library, "testdata/slowdns/getaddrinfo.c", "-ldl")
	said, err := exec.Command(command[0], command[1:]...).CombinedOutput()
	require.NoError(t, err, "%s", said)
	r := &slowResolver{t: t, file: filepath.Join(dir, "wait")}
	r.env = []string{"LD_PRELOAD=" + library, "SLOWDNS=" + r.file, "GODEBUG=netdns=cgo"}
	r.answerAfter("0")
	return r
}

// noSuchName has the resolver know nothing of a name, if it is given to
// answerAfter.
const noSuchName = "-2"

// answerAfter has lookups answered after so many milliseconds, or not at all
// for now if that is "-1".
func (r *slowResolver) answerAfter(milliseconds string) {
	r.t.Helper()
	fresh := r.file + ".new"
	write(r.t, fresh, []byte(milliseconds))
	require.NoError(r.t, os.Rename(fresh, r.file))
}

// namedStream is a stream that is known by its name alone.
func namedStream(t *testing.T) (*kinesistest.Server, options) {
	t.Helper()
	s := runStream(t, kinesistest.Options{Hosts: []string{streamHost}})
	_, port, err := net.SplitHostPort(addressOf(t, s.URL()))
	require.NoError(t, err)
	return s, options{"endpoint": "https://" + streamHost + ":" + port}
}

func TestANameThatIsSlowToResolveIsWaitedFor(t *testing.T) {
	t.Parallel()
	r := runSlowResolver(t)
	s, section := namedStream(t)
	config := flowHost
	config.Env = r.env
	r.answerAfter("1500")
	f := newFlow(t, s, runHost(t, s, config, section))
	f.round()
	f.round()
	f.requireQuiet()
}

// Nobody listens on the first of the name's two addresses, which is of IPv6.
func TestANameWithAnAddressThatNobodyListensOnIsReachedByItsOther(t *testing.T) {
	t.Parallel()
	const twoAddresses = "two." + streamHost
	r := runSlowResolver(t)
	s := runStream(t, kinesistest.Options{Hosts: []string{twoAddresses}})
	_, port, err := net.SplitHostPort(addressOf(t, s.URL()))
	require.NoError(t, err)
	config := flowHost
	config.Env = r.env
	f := newFlow(t, s, runHost(t, s, config, options{"endpoint": "https://" + twoAddresses + ":" + port}))
	f.round()
	f.requireQuiet()
}

func TestANameThatDoesNotResolveIsSaidUntilItDoes(t *testing.T) {
	for _, x := range []struct {
		name, answer string
		section      options
		said         string
	}{
		{"no answer for now", "-1", nil, "lookup " + streamHost},
		{"an answer later than http_request_timeout", "3000", options{"http_request_timeout": "1"}, "no answer within 1s"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			r := runSlowResolver(t)
			s, section := namedStream(t)
			for key, value := range x.section {
				section[key] = value
			}
			config := flbhost.Config{RetryLimit: flbhost.NoLimit, Env: r.env}
			r.answerAfter(x.answer)
			h := runHost(t, s, config, section)
			requireMends(t, s, h, func() { r.answerAfter("0") }, "failed (unanswered)", streamHost, x.said)
		})
	}
}
