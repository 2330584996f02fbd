package fluentbit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
)

// arrivals counts the records that landed, by their data.
type arrivals struct {
	mu     sync.Mutex                // guards the following
	counts map[string]map[string]int // by stream and data
	keys   map[string]map[string]int // by stream and partition key
}

func newArrivals() *arrivals {
	return &arrivals{counts: map[string]map[string]int{}, keys: map[string]map[string]int{}}
}

func (a *arrivals) add(r kinesistest.Record) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.counts[r.Stream] == nil {
		a.counts[r.Stream], a.keys[r.Stream] = map[string]int{}, map[string]int{}
	}
	a.counts[r.Stream][string(r.Data)]++
	a.keys[r.Stream][r.PartitionKey]++
}

// missing is how many of the records are not there yet.
func (a *arrivals) missing(stream string, records []string) (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, record := range records {
		if a.counts[stream][record] == 0 {
			n++
		}
	}
	return n
}

// requireOnce requires that the stream holds each of these records once, and nothing else.
func (a *arrivals) requireOnce(t *testing.T, stream string, records []string) {
	t.Helper()
	require.Empty(t, a.difference(stream, records), "not the records that were sent")
}

// difference says what is missing on the stream of these records, and what is there too often or should not be there.
func (a *arrivals) difference(stream string, records []string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	left := maps.Clone(a.counts[stream])
	var lost, extra []string
	for _, record := range records {
		if left[record] == 0 {
			lost = append(lost, record)
			continue
		}
		left[record]--
	}
	for data, n := range left {
		extra = append(extra, slices.Repeat([]string{data}, n)...)
	}
	return some("missing", lost) + some("too many", extra)
}

// some is the number of records and the first few, for a message.
func some(what string, records []string) string {
	if len(records) == 0 {
		return ""
	}
	return fmt.Sprintf("%d %s, such as\n\t%s\n", len(records), what, strings.Join(records[:min(3, len(records))], "\n\t"))
}

func TestDifferenceFindsWhatIsLostAndWhatIsTooMuch(t *testing.T) {
	a := newArrivals()
	for _, data := range []string{"one", "two", "two"} {
		a.add(kinesistest.Record{Stream: "s", Entry: kinesistest.Entry{Data: []byte(data)}})
	}
	for _, x := range []struct {
		name    string
		records []string
		want    string
	}{
		{"all there", []string{"one", "two", "two"}, ""},
		{"one that is missing", []string{"one", "two", "two", "three"}, "1 missing, such as\n\tthree\n"},
		{"one that is there twice", []string{"one", "two"}, "1 too many, such as\n\ttwo\n"},
		{"one that nobody sent", []string{"two", "two"}, "1 too many, such as\n\tone\n"},
		{"another one instead", []string{"one", "two", "three"}, "1 missing, such as\n\tthree\n1 too many, such as\n\ttwo\n"},
	} {
		t.Run(x.name, func(t *testing.T) { require.Equal(t, x.want, a.difference("s", x.records)) })
	}
	require.Equal(t, "1 missing, such as\n\tone\n", a.difference("another stream", []string{"one"}))
}
