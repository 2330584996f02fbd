package kinesis

import (
	"fmt"
	"sync/atomic"

	"fluent-bit-kinesis/plugins/metrics"
)

// measured is what is known of an instance beside its counts, and where all of
// it is to be seen.
type measured struct {
	latency      *metrics.Histogram // of requests that were sent
	lastAccepted atomic.Int64       // when the stream last accepted a record, in nanoseconds since 1970; 0 for never

	publisher *metrics.Publisher // to Fluent Bit; nil where it takes none
	page      *metrics.Page      // nil without metrics_listen
	unlist    func()             // gives back what the metrics in Fluent Bit take
}

func (m *measured) init() {
	m.latency = metrics.NewHistogram(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)
}

// changed says that something has changed that is measured.
func (m *measured) changed() { m.publisher.Changed() }

// A Host is what Fluent Bit has for an instance beside its options.
type Host struct {
	Output string // its name of the instance: the alias, or kinesis.0

	// Register makes metrics in Fluent Bit, nil where that cannot be. publish sets
	// them to the values of the registry, by one goroutine at a time; release ends
	// that.
	Register func(*metrics.Registry) (publish func(values []float64), release func())
}

// startMetrics shows the metrics where they are to be seen. The error is that of
// an address that cannot be listened on.
func (o *Output) startMetrics(host Host, version string) error {
	r := o.registry(host.Output, version)
	if address := o.config.MetricsListen; address != "" {
		page, err := metrics.Serve(address, r)
		if err != nil {
			return fmt.Errorf("metrics_listen = %q: cannot be listened on: %w", address, err)
		}
		o.page = page
		o.log.Infof("metrics at %s", page.URL())
	}
	if host.Register == nil {
		return nil
	}
	publish, release := host.Register(r)
	o.unlist = release
	var values []float64
	o.publisher = metrics.NewPublisher(func() {
		values = r.AppendValues(values[:0])
		publish(values)
	})
	return nil
}

// LeaveMetrics ends the metrics in Fluent Bit, which is about to let go of them.
func (o *Output) LeaveMetrics() { o.publisher.Close() }

func (o *Output) endMetrics() {
	o.publisher.Close()
	if o.unlist != nil {
		o.unlist()
	}
	o.page.Close()
}
