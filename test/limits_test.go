package test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// A stream with the service's own limits is offered more than it takes: the flushes
// wait, and nothing is handed back, of which Fluent Bit would give up what is
// handed back twice.
func TestAtTheStreamsLimitNothingIsHandedBack(t *testing.T) {
	for _, x := range []struct {
		name    string
		workers int
		options options
	}{
		{"one worker", 1, nil},
		{"eight workers", 8, nil},
		{"eight workers, by key", 8, options{"partition_key": "container_id"}},
		{"four workers, packed", 4, options{"aggregation": "on"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			l := containerLines(20_000, 4000, 40)
			s := setStage(t, kinesistest.Options{ShardLimits: true, SkipOverlaps: true}, flbhost.Config{Workers: x.workers, RetryLimit: 1}, x.options)
			flushAll(t, s.host, 0, l.chunks...)
			users, _ := read(t, s.stream, streamName, plainView)
			once := map[string]bool{}
			for _, user := range users {
				once[string(user.Data)] = true
			}
			require.Len(t, users, len(l.want))
			require.Len(t, once, len(l.want), "each once")
			log := exitLog(t, s.host)
			requireNoLine(t, log, "warning", "go back to Fluent Bit")
			require.Empty(t, log.texts("error"))
		})
	}
}
