//go:build soak

package test

import (
	"flag"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// soak is how long the soak lasts.
var soak = flag.Duration("soak", 10*time.Minute, "how long the plugin runs under faults")

// TestMemoryUnderFaultsEndsWhereItWas sends keyed records by eight workers for
// a long time to a stream on which everything goes wrong now and then. `make
// soak` runs it; it is too long for every day.
//
// Resident memory says where a process was at its most: a heap that Go collects when
// it has doubled has to have been collected some times until that is known, and
// under faults that takes minutes. So the end is compared with the first quarter,
// and with as many collections. What is left by each of them tells at once.
func TestMemoryUnderFaultsEndsWhereItWas(t *testing.T) {
	s := setStage(t, kinesistest.Options{
		Discard: true, Seed: 1, UserKeys: userKeys,
		Faults: kinesistest.Faults{ThrottleRecords: 0.10, FailRecords: 0.02, FailRequests: 0.05, DelayJitter: 20 * time.Millisecond},
	}, flbhost.Config{Workers: 8, RetryLimit: flbhost.NoLimit, Env: []string{"GODEBUG=gctrace=1"}},
		options{"partition_key": "container"},
		options{"partition_key": "container", "aggregation": "true", "compression": "gzip"})

	lot := keyedLines(40_000, 2_000, 40)
	begin, sent := time.Now(), int64(0)
	m := watchMemory(t, s.host)
	for time.Since(begin) < *soak {
		for instance := range 2 {
			flushAll(t, s.host, instance, lot.chunks...)
			sent += int64(len(lot.want))
		}
	}
	m.stop()
	require.NotEmpty(t, m.samples)
	early, late := m.split(*soak / 4)
	left := leftByCollections(s.host.Stderr())
	require.GreaterOrEqual(t, len(left), enoughCollections, "too short to tell")
	first, last := left[:max(1, early[len(early)-1].collections)], left[len(left)-len(left)/10-1:]
	t.Logf("%d records in %s; resident memory in the first quarter at most %d MB, at the end %d to %d MB; left by the %d collections of the first quarter at most %d MB, by the last %d %d MB",
		sent, time.Since(begin).Round(time.Second), mostResident(early)>>20, leastResident(late)>>20, mostResident(late)>>20,
		len(first), slices.Max(first), len(last), slices.Max(last))
	require.LessOrEqual(t, leastResident(late), mostResident(early)*11/10, "resident memory grows")
	require.LessOrEqual(t, slices.Max(last), slices.Max(first)*11/10+1, "MB that are left by the collections grow")
	require.Zero(t, s.stream.Stats().Overlaps)
	require.Zero(t, s.stream.Stats().Unanswered)
}

// enoughCollections is how many there have to have been until resident memory says
// something of the most.
const enoughCollections = 12

// A memoryWatch looks every second at what a host has.
type memoryWatch struct {
	begin   time.Time
	samples []memorySample
	done    chan struct{}
	ended   chan struct{}
}

type memorySample struct {
	after       time.Duration
	resident    int64
	collections int
}

func watchMemory(t *testing.T, h *flbhost.Host) *memoryWatch {
	m := &memoryWatch{begin: time.Now(), done: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(m.ended)
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				stats, err := h.Stats()
				if err != nil {
					t.Error(err)
					return
				}
				m.samples = append(m.samples, memorySample{time.Since(m.begin), stats.RSS, len(leftByCollections(h.Stderr()))})
			case <-m.done:
				return
			}
		}
	}()
	return m
}

func (m *memoryWatch) stop() {
	close(m.done)
	<-m.ended
}

// split is the samples until a time has passed and there were enough collections,
// and the last tenth of all.
func (m *memoryWatch) split(until time.Duration) (early, late []memorySample) {
	n := slices.IndexFunc(m.samples, func(s memorySample) bool {
		return s.after > until && s.collections >= enoughCollections
	})
	late = m.samples[len(m.samples)-len(m.samples)/10-1:]
	if n < 0 || n > len(m.samples)-len(late) {
		n = len(m.samples) - len(late)
	}
	return m.samples[:n+1], late
}

func mostResident(samples []memorySample) (most int64) {
	for _, s := range samples {
		most = max(most, s.resident)
	}
	return most
}

func leastResident(samples []memorySample) int64 {
	least := samples[0].resident
	for _, s := range samples {
		least = min(least, s.resident)
	}
	return least
}

// collection is a line that Go writes for each, with the heap before, at its end,
// and as it is left.
var collection = regexp.MustCompile(`(?m)^gc \d+ @.* \d+->\d+->(\d+) MB, `)

// leftByCollections is the megabytes that each collection has left.
func leftByCollections(stderr string) (left []int) {
	for _, found := range collection.FindAllStringSubmatch(stderr, -1) {
		n, _ := strconv.Atoi(found[1]) // digits
		left = append(left, n)
	}
	return left
}
