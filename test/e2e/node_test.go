//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// youngGeneration gives Node.js room, in MiB, for what soon is garbage: the
// simulator makes much of it.
const youngGeneration = "--max-semi-space-size=128"

// node is a program of the folder node, with nothing of this process's
// environment but the PATH.
func node(ctx context.Context, t *testing.T, program string, arguments ...string) *exec.Cmd {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("node", program))
	require.NoError(t, err)
	command := exec.CommandContext(ctx, "node", append([]string{youngGeneration, path}, arguments...)...)
	command.Env = []string{"PATH=" + os.Getenv("PATH")}
	return command
}

// client runs a program that is a client of a stream, and returns what it
// prints.
func (s *simulator) client(t *testing.T, program, endpoint, stream string, arguments ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	to := []string{"--endpoint", endpoint, "--region", region, "--stream", stream}
	command := node(ctx, t, program, append(to, arguments...)...)
	command.Env = append(append(command.Env, credentials...), "NODE_EXTRA_CA_CERTS="+s.caFile)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	output, err := command.Output()
	require.NoError(t, err, "%s says: %s", program, &complaints)
	return output
}

// reshard gives a stream another number of shards.
func (s *simulator) reshard(t *testing.T, stream string, shards int) {
	t.Helper()
	s.client(t, "reshard.mjs", s.http, stream, "--shards", strconv.Itoa(shards))
}

// A found is a log record as a consumer finds it.
type found struct {
	Shard      string // the id of the shard it was read from
	Sequence   string // of the Kinesis record it was in
	Aggregated bool   // whether that was an aggregate
	Compressed bool   // whether that was compressed as a whole
	Key        string // partition key
	HashKey    string // explicit hash key in the aggregate, decimal; empty if none
	Misplaced  bool   // whether it is outside the shard that it is to go to, or the KCL would lose it
	Data       []byte // decompressed
}

// consume reads a stream from its start to its end, shard by shard, and deletes
// it.
func (s *simulator) consume(t *testing.T, stream string, x *setting) []found {
	t.Helper()
	var formats []string
	for _, option := range []string{"compression", "aggregation_compression"} {
		if format := x.options[option]; format != "" {
			formats = append(formats, "--"+option, format)
		}
	}
	if x.placed() {
		formats = append(formats, "--place", x.options["explicit_hash_key"])
	}
	if x.asks("simple_aggregation") {
		formats = append(formats, "--lines")
	}
	var records []found
	for line := range bytes.Lines(s.client(t, "consume.mjs", x.endpoint(s), stream, formats...)) {
		var r found
		require.NoError(t, json.Unmarshal(line, &r))
		records = append(records, r)
	}
	return records
}
