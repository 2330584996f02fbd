package kinesis

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
)

// otelChunk is a chunk of groups of ten events, as the OpenTelemetry input makes
// them: each event has attributes of its own.
func otelChunk(events int) []byte {
	var c flbhost.Chunk
	begin := time.Unix(1_700_000_000, 0)
	for i := range events {
		if i%10 == 0 {
			c.Append(flbhost.GroupOpen(kv("schema", "otlp")),
				kv("resource", fields{kv("attributes", fields{kv("service.name", fmt.Sprint("service ", i/10))})}),
				kv("scope", fields{kv("name", "shop")}))
		}
		c.Append(flbhost.WithMetadata(begin.Add(time.Duration(i)*time.Millisecond), kv("otlp", fields{
			kv("trace_id", binary.BigEndian.AppendUint64(nil, uint64(i))), kv("severity_number", i%24),
			kv("attributes", fields{kv("http.method", "GET"), kv("http.target", fmt.Sprint("/p/", i))}),
		})), kv("log", fmt.Sprint("line ", i)), kv("n", i))
		if i%10 == 9 {
			c.Append(flbhost.GroupClose())
		}
	}
	return c.Bytes()
}

var addingKeys = []string{"tag_key", "tag", "metadata_key", "meta", "group_key", "group"}

func TestWhatIsAddedAllocatesNothingPerRecord(t *testing.T) {
	const records = 1000
	chunk := otelChunk(records)
	for name, options := range map[string][]string{
		"alone":              addingKeys,
		"with a key from it": append([]string{"partition_key", "meta->otlp->trace_id", "replace_dots", "_", "time_key", "time"}, addingKeys...),
		"and nothing left":   append([]string{"data_keys", "none", "skip_empty", "on"}, addingKeys...),
	} {
		t.Run(name, func(t *testing.T) {
			o := outputOf(t, instantStream, options...)
			for range 2 {
				require.Equal(t, OK, o.Flush(chunk, "tag"))
			}
			allocs := testing.AllocsPerRun(2, func() { o.Flush(chunk, "tag") })
			require.Less(t, allocs, float64(records/10), "allocations per chunk")
		})
	}
}

// In the background as well, where the flush has ended before the records are sent.
func TestTheTagIsThatOfTheChunk(t *testing.T) {
	for name, options := range map[string][]string{
		"each flush on its own": nil, "in the background": {"experimental_concurrency", "4"}, "packed": {"aggregation", "on"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &fakeStream{t: t}
			o := outputOf(t, s, append(options, "tag_key", "tag", "data_keys", "n", "partition_key", "tag")...)
			want := map[string][]int{}
			for i := range 4 {
				tag := fmt.Sprint("app.", i)
				require.Equal(t, OK, o.Flush(numberedFrom(10*i, 10, "k"), tag))
				for n := range 10 {
					want[tag] = append(want[tag], 10*i+n)
				}
			}
			o.Close()
			require.Equal(t, want, s.userNumbersByKey())
		})
	}
}

func TestEventsOfWhichNothingIsLeftAreCountedAndSettled(t *testing.T) {
	s := &fakeStream{t: t}
	o := outputOf(t, s, "data_keys", "n", "skip_empty", "on", "time_key", "time")
	chunk := chunkOf(30, func(i int) fields {
		if i%3 == 1 {
			return fields{kv("x", i)}
		}
		return fields{kv("n", i)}
	})
	require.Equal(t, OK, o.Flush(chunk, "tag"))
	nothing := chunkOf(5, func(int) fields { return fields{} })
	require.Equal(t, OK, o.Flush(nothing, "tag"))
	counts := o.Counts()
	require.Equal(t, int64(35), counts.Records)
	require.Equal(t, int64(20), counts.Accepted)
	require.Equal(t, int64(15), counts.Empty)
	require.Zero(t, counts.Dropped)
	require.Contains(t, counts.String(), "records 35, accepted 20 (")
	require.Contains(t, counts.String(), ", left out as empty 15")
	require.NotContains(t, counts.String(), "dropped")
	require.Len(t, s.userNumbers(), 20)
	requireIdle(t, o)
}
