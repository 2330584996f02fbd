//go:build e2e

package e2e

import (
	"fmt"
	"strings"
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

func TestAFewRecordsAreReadBackFromWhereTheyWereToGo(t *testing.T) {
	streams := map[string]int{}
	for _, x := range settingsOfFew {
		streams[x.stream()] = 4
	}
	s := runSimulator(t, certifiedFolder(t), streams)
	sent := events(2 * perChunk)
	for _, x := range settingsOfFew {
		t.Run(x.wire+" "+x.name, func(t *testing.T) { requireReadBack(t, s, &x, sent, chunks(sent)) })
	}
}

// TestAutoIsCBORAtAnAddressOfAWS reaches the simulator by way of a proxy, under
// the name of the region's own service.
func TestAutoIsCBORAtAnAddressOfAWS(t *testing.T) {
	x := &setting{inAuto, "of AWS", false, options{}, whole}
	s := runSimulator(t, certifiedFolder(t), map[string]int{x.stream(): 4})
	s.proxy = runTunnel(t, strings.TrimPrefix(s.https, "https://"))
	sent := events(2 * perChunk)
	h := s.runHost(t, "", x.stream(), flbhost.NoLimit, x.section())
	put(t, h, chunks(sent))
	require.Contains(t, h.Log(), "wire_format auto is cbor here")
	require.NotContains(t, h.Log(), "requests are written as JSON from here on")
	x.requireOnce(t, sent, s.consume(t, x.stream(), x))
}

// TestWhatIsLargerThanTheStreamTakesIsDroppedAlone has a record that the
// simulator refuses: it takes 1 MiB whatever the stream's limit is.
func TestWhatIsLargerThanTheStreamTakesIsDroppedAlone(t *testing.T) {
	s := runSimulator(t, certifiedFolder(t), map[string]int{"json-large": 4, "cbor-large": 4})
	sent := events(20)
	sent[3].Log += strings.Repeat("-", 1000*1000)
	sent[7].Log += strings.Repeat("-", 2*1024*1024)
	taken := append(sent[:7:7], sent[8:]...)
	for _, wire := range []string{inJSON, inCBOR} {
		t.Run(wire, func(t *testing.T) {
			x := &setting{wire, "large", false, options{"maximum_record_size": "10M"}, whole}
			h := s.runHost(t, s.https, x.stream(), flbhost.NoLimit, x.section())
			put(t, h, chunks(sent))
			require.Contains(t, h.Log(), "is dropped, for it is larger than the stream takes")
			require.Contains(t, h.Log(), "or lower maximum_record_size = 10M")
			require.Contains(t, h.Log(), "at exit: records 20, accepted 19 ")
			x.requireOnce(t, taken, s.consume(t, x.stream(), x))
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
	names := []string{"stdout", "stderr", "audit"}
	sent := events(4 * perChunk)
	of := map[string][]event{}
	for i := range sent {
		e := &sent[i]
		e.Stream = names[i%len(names)]
		of[e.Stream] = append(of[e.Stream], *e)
	}
	streams := map[string]int{}
	for _, name := range names {
		streams["json-"+name], streams["cbor-"+name] = 8, 8
	}
	s := runSimulator(t, certifiedFolder(t), streams)
	for _, x := range []setting{
		{inJSON, "$stream", false, options{}, whole},
		{inCBOR, "$stream", false, options{"aggregation": "true", "partition_key": podKey}, whole},
	} {
		t.Run(x.wire, func(t *testing.T) {
			put(t, s.runHost(t, s.https, x.stream(), flbhost.NoLimit, x.section()), chunks(sent))
			for name, sent := range of {
				read := s.consume(t, x.wire+"-"+name, &x)
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
