package test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
	"fluent-bit-kinesis/internal/needs"
)

// A nodeConsumer is the program in test/kpl, which takes records apart with
// aws-kinesis-agg, a library that no one here wrote.
type nodeConsumer struct {
	node string // of Node.js
	dir  string // of the program and of what it needs
}

// nodeUser is a user record as that library gives it.
type nodeUser struct {
	PartitionKey         string `json:"partitionKey"`
	ExplicitPartitionKey string `json:"explicitPartitionKey"`
	SequenceNumber       string `json:"sequenceNumber"`
	SubSequenceNumber    *int   `json:"subSequenceNumber"`
	Data                 []byte `json:"data"`
}

// newNodeConsumer puts the program and its library into a folder of the test's.
// Where that cannot be done, the test is skipped with a hint, but never in CI.
func newNodeConsumer(t *testing.T) *nodeConsumer {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		needs.Missing(t, "needs Node.js 18 or later, on Debian the package nodejs: %v", err)
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		needs.Missing(t, "needs npm, on Debian the package npm: %v", err)
	}
	c := &nodeConsumer{node: node, dir: t.TempDir()}
	for _, name := range []string{"deaggregate.js", "package.json", "package-lock.json"} {
		content, err := os.ReadFile(filepath.Join("kpl", name))
		require.NoError(t, err)
		write(t, filepath.Join(c.dir, name), content)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	install := exec.CommandContext(ctx, npm, "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--no-update-notifier",
		"--fetch-retries=1", "--fetch-retry-mintimeout=1000")
	install.Dir, install.WaitDelay = c.dir, 10*time.Second
	if said, err := install.CombinedOutput(); err != nil {
		needs.Missing(t, "needs what test/kpl/package-lock.json names from the npm registry, or from npm's cache: npm ci: %v\n%.1000s", err, said)
	}
	return c
}

// read is the user records of each of the records.
func (c *nodeConsumer) read(t *testing.T, records []kinesistest.Record) (users [][]nodeUser) {
	t.Helper()
	var in, out, stderr bytes.Buffer
	lines := json.NewEncoder(&in)
	for _, r := range records {
		require.NoError(t, lines.Encode(map[string]string{
			"partitionKey": r.PartitionKey, "sequenceNumber": r.SequenceNumber(), "data": base64.StdEncoding.EncodeToString(r.Data)}))
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	program := exec.CommandContext(ctx, c.node, "deaggregate.js")
	program.Dir, program.Stdin, program.Stdout, program.Stderr = c.dir, &in, &out, &stderr
	require.NoError(t, program.Run(), "%.2000s", &stderr)
	for line := range bytes.Lines(out.Bytes()) {
		var of []nodeUser
		require.NoError(t, json.Unmarshal(line, &of))
		users = append(users, of)
	}
	require.Len(t, users, len(records))
	return users
}

// A nodeCase is what is sent to a stream, and how.
type nodeCase struct {
	stream      string
	options     options
	compression compress.Format
	lot         *lot
}

func nodeCases(t *testing.T) []nodeCase {
	t.Helper()
	mixed := combination{options: options{"partition_key": "container_id"}}
	compressed := combination{options: options{"partition_key": "container_id", "compression": "gzip", "append_newline": "true"}}
	full := filling(t, "größe", limit, 20_000)
	return []nodeCase{
		{"containers", byContainer, compress.None, containerLines(10_000, 10_000, 40)},
		{"by-shard", byShard, compress.None, containerLines(10_000, 10_000, 40)},
		{"random-keys", options{"aggregation": "on"}, compress.None, shortLines(5000, 250)},
		{"some-alone", with(mixed.options, "aggregation", "on"), compress.None, mixed.variedLines(t, 3)},
		{"compressed", with(compressed.options, "aggregation", "on"), compress.Gzip, compressed.variedLines(t, 3)},
		{"one-byte", raw(nil), compress.None, rawLines(20_000, func(i int) (key, text string) { return "key", decimal(i % 10) })},
		{"empty", raw(nil), compress.None, rawLines(100, func(i int) (key, text string) { return decimal(i % 3), "" })},
		{"long-keys", raw(nil), compress.None, rawLines(500, func(i int) (key, text string) {
			return decimal(100+i%150) + strings.Repeat("👍", 253), decimal(i)
		})},
		{"one-MiB", raw(nil), compress.None, rawLines(len(full), func(i int) (key, text string) {
			return "größe", strings.Repeat(string(rune('a'+i%26)), full[i])
		})},
	}
}

// rawLines are records for the options of raw.
func rawLines(n int, line func(i int) (key, text string)) *lot {
	return newLot(n, n, func(i int) (time.Time, []flbhost.Field, landing) {
		key, text := line(i)
		return when, fields(F("k", key), F("log", text)), landing{data: text, key: key}
	})
}

func TestAConsumerThatNoOneHereWroteReadsEveryAggregate(t *testing.T) {
	consumer := newNodeConsumer(t)
	cases := nodeCases(t)
	streams := map[string]int{}
	var sections []options
	for _, x := range cases {
		streams[x.stream] = 4
		sections = append(sections, with(x.options, "stream", x.stream))
	}
	s := runStream(t, kinesistest.Options{Streams: streams})
	h := runHost(t, s, flbhost.Config{}, sections...)
	for i, x := range cases {
		t.Run(x.stream, func(t *testing.T) {
			flushAll(t, h, i, x.lot.chunks...)
			records := s.Records(x.stream)
			ranges := rangesOf(s, x.stream)
			k := newKCL(t)
			var found []landing
			for i, users := range consumer.read(t, records) {
				for n, user := range users {
					if user.SubSequenceNumber != nil { // of an aggregate
						require.Equal(t, n, *user.SubSequenceNumber)
					}
					require.Equal(t, records[i].SequenceNumber(), user.SequenceNumber)
					requireOnShard(t, user, ranges[records[i].ShardID], k)
					data, err := compress.Decompress(x.compression, user.Data, line2MB)
					require.NoError(t, err)
					found = append(found, landing{data: string(data), key: user.PartitionKey})
				}
			}
			x.lot.requireTimes(t, 1, found)
		})
	}
}

// requireOnShard requires that what decides on a user record's shard, by what
// that library says of it, lies in the range of the shard that it is from.
func requireOnShard(t *testing.T, user nodeUser, shard hashRange, k *kcl) {
	t.Helper()
	var hash *big.Int
	if user.ExplicitPartitionKey != "" {
		hash = decimalHash(user.ExplicitPartitionKey)
		require.NotNil(t, hash)
	} else {
		hash = k.hashOf(user.PartitionKey)
	}
	require.True(t, shard.has(hash), "the record of %s lies on its shard", excerpt(user.PartitionKey, 0))
}
