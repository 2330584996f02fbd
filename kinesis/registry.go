package kinesis

import (
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"fluent-bit-kinesis/kinesis/pace"
	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/plugins/metrics"
)

// registry is the metrics of the instance. Each label has a set of values that is
// fixed here: nothing that is in a record, or that the service answers, makes a
// series.
func (o *Output) registry(output, version string) *metrics.Registry {
	r := &metrics.Registry{
		Namespace: "fluentbit", Subsystem: "kinesis",
		Labels: []metrics.Label{{Name: "stream", Value: o.config.Stream}, {Name: "output", Value: output}},
	}
	for _, families := range [][]metrics.Family{
		o.recordMetrics(), o.requestMetrics(), o.paceMetrics(), o.ledgerMetrics(), o.processMetrics(version),
	} {
		r.Families = append(r.Families, families...)
	}
	return r
}

func (o *Output) recordMetrics() []metrics.Family {
	c := &o.counts
	return []metrics.Family{
		counter("records_total", "Records taken from chunks, again for each offer of a chunk.", &c.Records),
		counter("records_accepted_total", "Records that the stream has accepted.", &c.Accepted),
		counters("records_dropped_total", "Records that were dropped for good.", "reason", dropNames[:], c.Dropped[:]),
		counter("records_handed_back_total", "Records that were handed back to Fluent Bit, to be offered again.", &c.HandedBack),
		counter("records_retried_total", "Records that were tried again within a flush, each time.", &c.Retried),
		counters("records_refused_total", "Records that the stream refused in requests that it took, each time.", "code", refusalNames[:], c.RefusedBy[:]),
		counter("records_throttled_total", "Records that were refused for their pace, alone or with their request, each time.", &c.Refused),
		counter("records_truncated_total", "Records that were cut to the size that the service takes.", &c.Truncated),
		counter("records_empty_total", "Events of which no record was made, as skip_empty asks.", &c.Empty),
		counter("records_default_stream_total", "Records that went to stream_default.", &c.Defaulted),
		counter("records_without_room_total", "Records that were handed back for want of room among streams_maximum.", &c.NoRoom),
		counter("records_unplaced_total", "Records that were placed by their partition key for want of the hash key that was asked for.", &c.Unplaced),
		counter("records_random_key_total", "Records that went under a random key for want of the partition key that was asked for.", &c.RandomKeys),
		counter("records_aggregated_total", "Records that were packed into aggregates: over aggregates_total, how many an aggregate has.", &c.Aggregated),
		counter("aggregates_total", "Aggregates that were made.", &c.Aggregates),
		counter("chunk_bytes_total", "Bytes of the chunks that were offered, again for each offer.", &c.ChunkBytes),
		counter("accepted_bytes_total", "Bytes of data and partition keys that the stream has accepted.", &c.Bytes),
	}
}

func (o *Output) requestMetrics() []metrics.Family {
	c := &o.counts
	return []metrics.Family{
		counters("requests_total", "Requests that have come to an end.", "outcome", outcomeNames[:], c.Requests[:]),
		counter("request_bytes_total", "Bytes of the bodies of requests that were sent.", &c.SentBytes),
		{
			Kind: metrics.DurationBuckets, Name: "request_duration_seconds",
			Help:   "How long requests took from being sent to the end of the answer, or of the wait for it.",
			Series: []metrics.Series{{Durations: o.latency}},
		},
		gauge("last_accepted_timestamp_seconds", "When the stream last accepted a record, in seconds since 1970; 0 for never.", func() float64 {
			return time.Duration(o.lastAccepted.Load()).Seconds()
		}),
	}
}

func (o *Output) paceMetrics() []metrics.Family {
	state := func(of func(pace.State) float64) func() float64 {
		return func() float64 { return of(o.paceState()) }
	}
	waited := counters("wait_seconds_total", "Seconds that requests have waited before they were sent, all together.", "for", waitNames[:], o.counts.Waited[:])
	for i := range waited.Series {
		nanoseconds := waited.Series[i].Read
		waited.Series[i].Read = func() float64 { return nanoseconds() / float64(time.Second) }
	}
	return []metrics.Family{
		waited,
		gauge("requests_in_flight", "Requests that are under way.", state(func(s pace.State) float64 { return float64(s.InFlight) })),
		gauge("requests_in_flight_limit", "Requests that may be under way, as things stand.", state(func(s pace.State) float64 { return float64(s.Most) })),
		gauge("requests_waiting", "Requests that wait for a place in flight or for the pace.", state(func(s pace.State) float64 { return float64(s.Waiting) })),
		gauge("throttled", "1 while the stream, or one of several, throttles, so that the pace is limited; else 0.", state(func(s pace.State) float64 {
			if s.Throttled {
				return 1
			}
			return 0
		})),
		gauge("pace_records_per_second", "Records of the stream that are sent a second at most, as learned from it; 0 while it does not throttle.", state(func(s pace.State) float64 { return s.Records })),
		gauge("pace_bytes_per_second", "Bytes that are sent a second at most, likewise.", state(func(s pace.State) float64 { return s.Bytes })),
	}
}

// paceState is how things stand at the pacer, or where records choose their stream
// at those of all destinations, added up.
func (o *Output) paceState() (sum pace.State) {
	if o.d != nil {
		return o.d.pacer.State()
	}
	if o.streams == nil {
		return sum
	}
	for _, d := range o.streams.all() {
		s := d.pacer.State()
		sum.Throttled = sum.Throttled || s.Throttled
		sum.Records += s.Records
		sum.Bytes += s.Bytes
		sum.Waiting += s.Waiting
		sum.InFlight += s.InFlight
		sum.Most += s.Most
	}
	return sum
}

func (o *Output) ledgerMetrics() []metrics.Family {
	c := &o.counts
	return []metrics.Family{
		gauge("ledger_entries", "Chunks that were handed back in part, and that the ledger remembers until they come back.", func() float64 { return float64(o.ledger.Waiting()) }),
		counter("ledger_chunks_known_total", "Chunks that came back and that the ledger knew.", &c.LedgerKnown),
		counter("ledger_records_total", "Records that were not sent again, for the stream had them.", &c.LedgerHits),
		counter("ledger_chunks_lost_total", "Chunks that the ledger had to forget before they came back: what the stream has of them is sent twice.", &c.LedgerLost),
		counter("ledger_chunks_read_total", "Chunks that ledger_file knew at the start.", &c.LedgerRead),
	}
}

func (o *Output) processMetrics(version string) []metrics.Family {
	keys := func(of func(service.KeyState) float64) func() float64 {
		return func() float64 {
			if o.client == nil {
				return 0
			}
			return of(o.client.Keys())
		}
	}
	failures := gauge("credentials_failures_total", "How often no credentials could be had, or no new ones.", keys(func(s service.KeyState) float64 { return float64(s.Failures) }))
	failures.Kind = metrics.Counter
	return []metrics.Family{
		gauge("credentials_since_timestamp_seconds", "When the credentials in use were taken up, in seconds since 1970; 0 before the first.", keys(func(s service.KeyState) float64 { return seconds(s.Since) })),
		gauge("credentials_expiry_timestamp_seconds", "When they are due to be renewed, likewise; 0 where their source does not say, as that of containers and instances does not.", keys(func(s service.KeyState) float64 { return seconds(s.Until) })),
		failures,
		{
			Kind: metrics.Gauge, Name: "build_info", Help: "1, with the version of the plugin and of the Go that it is built with.",
			Labels: []string{"version", "goversion"},
			Series: []metrics.Series{{Values: []string{version, runtime.Version()}, Read: func() float64 { return 1 }}},
		},
	}
}

// seconds is a time in seconds since 1970, 0 for none.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

func counter(name, help string, count *atomic.Int64) metrics.Family {
	return metrics.Family{Kind: metrics.Counter, Name: name, Help: help, Series: []metrics.Series{{Read: countOf(count)}}}
}

// counters has a series for each of the counts, by the name that it has in the log.
func counters(name, help, label string, names []string, counts []atomic.Int64) metrics.Family {
	f := metrics.Family{Kind: metrics.Counter, Name: name, Help: help, Labels: []string{label}}
	for i, of := range names {
		f.Series = append(f.Series, metrics.Series{Values: []string{strings.ReplaceAll(of, " ", "_")}, Read: countOf(&counts[i])})
	}
	return f
}

func countOf(count *atomic.Int64) func() float64 {
	return func() float64 { return float64(count.Load()) }
}

func gauge(name, help string, read func() float64) metrics.Family {
	return metrics.Family{Kind: metrics.Gauge, Name: name, Help: help, Series: []metrics.Series{{Read: read}}}
}

// Metrics is the metrics of an instance that does nothing, for whoever documents
// them.
func Metrics() *metrics.Registry {
	o := &Output{shared: &shared{config: &Config{}}}
	o.measured.init()
	return o.registry("", "")
}
