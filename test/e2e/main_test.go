//go:build e2e

// Package e2e proves the plugin against parts that no one here wrote: it puts
// records on streams of kinesis-local, a simulator of Kinesis Data Streams, and
// a consumer made of the AWS SDK for JavaScript, of AWS's deaggregation module
// and of decoders from the npm registry reads each shard back. Each record is
// compared byte for byte, and must be there once.
//
// It needs Node.js and what node/package-lock.json pins, so it is built with
// the tag e2e alone: `make e2e` installs that and runs it.
//
// What kinesis-local 0.6.2 does not do, and so is not proven here: it throttles
// nothing, checks no signatures, knows no limit of a request, and takes no record
// above 1 MiB, whatever limit a stream is given. Its answers slow down with the
// square of the records on a shard, so streams here have many shards.
package e2e

import (
	"maps"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
)

func TestMain(m *testing.M) { os.Exit(flbhost.Main(m)) }

// patience is how long a test waits for another program. It is never waited for
// in full unless something is wrong.
const patience = 5 * time.Minute

const region = "us-east-1"

// credentials of any kind will do.
var credentials = []string{"AWS_ACCESS_KEY_ID=AKIAE2E0000000000001", "AWS_SECRET_ACCESS_KEY=e2e/secret"}

// unset removes from the host's environment what would change how the plugin
// works, were it set where the tests run.
var unset = []string{
	"FLB_LOG_LEVEL", "SEND_FAILURE_TIMEOUT", "EKS_POD_EXECUTION_ROLE", "TZ=UTC",
	"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_SDK_LOAD_CONFIG",
	"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy",
}

// runHost starts a host whose plugin puts records on a stream, at AWS's own
// address where endpoint is empty. Chunks that are handed back are offered again
// as often as limit says.
func (s *simulator) runHost(t *testing.T, endpoint, stream string, limit int, o options) *flbhost.Host {
	t.Helper()
	section := options{"region": region, "stream": stream, "endpoint": endpoint}
	maps.Copy(section, o)
	return flbhost.Run(t, flbhost.Config{
		Instances:  []options{section},
		Workers:    2,
		RetryLimit: limit,
		Backoff:    10 * time.Millisecond,
		Timeout:    patience,
		Env:        append(append(append([]string(nil), unset...), credentials...), "AWS_CA_BUNDLE="+s.caFile, "HTTPS_PROXY="+s.proxy),
	})
}

// put hands chunks to a plugin, and has it take all of them before it ends.
func put(t *testing.T, h *flbhost.Host, chunks [][]byte) {
	t.Helper()
	var jobs []*flbhost.Job
	for _, chunk := range chunks {
		jobs = append(jobs, h.Go(0, "app.log", chunk))
	}
	results, err := flbhost.WaitAll(jobs...)
	require.NoError(t, err)
	for _, r := range results {
		require.Equal(t, flbhost.OK, r.Code, "the answer to a chunk")
	}
	require.NoError(t, h.Exit())
}
