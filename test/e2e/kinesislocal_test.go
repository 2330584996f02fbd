//go:build e2e

package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
)

func TestEachRecordIsReadBackOnceByteForByte(t *testing.T) {
	sent := events(eventCount)
	offered := chunks(sent)
	for _, wire := range []string{inJSON, inCBOR, inAuto} {
		t.Run(wire, func(t *testing.T) {
			t.Parallel()
			streams := map[string]int{}
			for _, x := range settingsIn(wire) {
				streams[x.stream()] = x.shards()
			}
			s := runSimulator(t, certifiedFolder(t), streams)
			for _, x := range settingsIn(wire) {
				t.Run(x.name, func(t *testing.T) { requireReadBack(t, s, &x, sent, offered) })
			}
		})
	}
}

// requireReadBack puts the events on a stream, and requires that a consumer
// finds what the setting makes of them.
func requireReadBack(t *testing.T, s *simulator, x *setting, sent []event, offered [][]byte) {
	t.Helper()
	h := s.runHost(t, x.endpoint(s), x.stream(), flbhost.NoLimit, x.section())
	put(t, h, offered)
	require.Contains(t, h.Log(), fmt.Sprintf("at exit: records %d, accepted %[1]d ", len(sent)))
	require.Contains(t, h.Log(), "wire_format = "+x.wire)

	read := s.consume(t, x.stream(), x)
	order := x.requireOnce(t, sent, read)
	x.requireKeys(t, read)
	x.requirePacked(t, sent, read, order)
	if x.ordered() {
		requireOrder(t, read, order)
	}
}

func TestEachRecordIsReadBackFromTheStreamThatItsTemplateMakes(t *testing.T) {
	for _, x := range []setting{
		{inJSON, "chosen", false, options{}, whole},
		{inCBOR, "chosen", false, options{"aggregation": "true", "partition_key": podKey}, whole},
	} {
		t.Run(x.wire, func(t *testing.T) {
			sent := events(4 * perChunk)
			of := map[string][]event{}
			streams := map[string]int{}
			for i := range sent {
				e := &sent[i]
				e.Stream = []string{"stdout", "stderr", "audit"}[i%3]
				of[e.Stream] = append(of[e.Stream], *e)
				streams["chosen-"+e.Stream] = 2
			}
			s := runSimulator(t, certifiedFolder(t), streams)
			put(t, s.runHost(t, s.https, "chosen-$stream", flbhost.NoLimit, x.section()), chunks(sent))
			for name, sent := range of {
				read := s.consume(t, "chosen-"+name, &x)
				x.requireOnce(t, sent, read)
				x.requireKeys(t, read)
			}
		})
	}
}

// TestAStreamThatWasReshardedIsPackedByItsOpenShards reads the closed shards,
// too: what was put before is still on them.
func TestAStreamThatWasReshardedIsPackedByItsOpenShards(t *testing.T) {
	x := &setting{inCBOR, "resharded", false, options{
		"aggregation": "true", "partition_key": podKey, "aggregation_shard_map": "true"}, whole}
	s := runSimulator(t, certifiedFolder(t), map[string]int{x.stream(): 3})
	sent := events(4 * perChunk)
	offered := chunks(sent)

	put(t, s.runHost(t, s.https, x.stream(), flbhost.NoLimit, x.section()), offered[:2])
	s.reshard(t, x.stream(), 6)
	h := s.runHost(t, s.https, x.stream(), flbhost.NoLimit, x.section())
	put(t, h, offered[2:])
	require.Contains(t, h.Log(), "the stream has 6 open shards")

	read := s.consume(t, x.stream(), x)
	order := x.requireOnce(t, sent, read)
	x.requireKeys(t, read)
	x.requirePacked(t, sent, read, order)
}

// TestAMissingStreamIsSaidInBothWireFormats reads the simulator's errors.
func TestAMissingStreamIsSaidInBothWireFormats(t *testing.T) {
	s := runSimulator(t, certifiedFolder(t), map[string]int{"another": 1})
	for _, format := range []string{inJSON, inCBOR} {
		t.Run(format, func(t *testing.T) {
			h := s.runHost(t, s.https, "missing", 0, options{"wire_format": format})
			requireHandedBack(t, h)
			require.Contains(t, h.Log(), "failed (denied): ResourceNotFoundException: ")
		})
	}
}

// TestACertificateThatNamesNoHostIsRefused has the simulator use the
// certificate that it comes with.
func TestACertificateThatNamesNoHostIsRefused(t *testing.T) {
	s := runSimulator(t, "node/node_modules/kinesis-local", map[string]int{"any": 1})
	h := s.runHost(t, s.https, "any", 0, nil)
	requireHandedBack(t, h)
	require.Contains(t, h.Log(), "failed (denied): BadCertificate: ")
}

// requireHandedBack requires that a chunk is kept by Fluent Bit, and ends the
// host.
func requireHandedBack(t *testing.T, h *flbhost.Host) {
	t.Helper()
	result, err := h.Flush(0, "app.log", chunks(events(1))[0])
	require.NoError(t, err)
	require.Equal(t, flbhost.Retry, result.Code)
	require.NoError(t, h.Exit())
}
