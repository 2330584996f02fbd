// Package metrics is what an output measures, on its way to those who watch it.
//
// An output describes its metrics once, as data: a [Registry] of families, each
// with all the series that it will ever have. Nothing is added later, so no
// record and no answer of a server can make more of them. A series is read when
// somebody asks. There are two ways out: [AppendText], which a [Page] serves
// over HTTP, and [Registry.AppendValues], for whoever keeps metrics of their own,
// such as Fluent Bit; a [Publisher] says when.
package metrics

// A Kind is how the values of a metric are to be understood.
type Kind uint8

const (
	Counter         Kind = iota // goes up, from 0 at the start of the process
	Gauge                       // goes up and down
	DurationBuckets             // a histogram of times, in seconds
)

var kindNames = [...]string{"counter", "gauge", "histogram"}

// String is the kind in Prometheus' words.
func (k Kind) String() string { return kindNames[k] }

// A Label tells one series of a metric from the others.
type Label struct{ Name, Value string }

// A Registry is the metrics of one instance of an output. It is not changed
// once it is in use.
type Registry struct {
	Namespace, Subsystem string  // that the names begin with
	Labels               []Label // that all series have
	Families             []Family
}

// A Family is a metric, by one name.
type Family struct {
	Kind   Kind
	Name   string   // after the namespace and the subsystem; by Prometheus' conventions it ends in its unit, that of a counter in _total
	Help   string   // what it is, in a sentence
	Labels []string // that its series have beside those of the registry
	Series []Series
}

// A Series is one line of values of a metric. What it reads may change at any
// time.
type Series struct {
	Values    []string       // of the family's labels
	Read      func() float64 // of a counter or a gauge
	Durations *Histogram     // of a histogram
}

// FullName is the name of a family as Prometheus has it.
func (r *Registry) FullName(f *Family) string { return r.Namespace + "_" + r.Subsystem + "_" + f.Name }

// same returns the family that is the one of another registry, nil where there is
// none.
func (r *Registry) same(other *Registry, f *Family) *Family {
	if r.Namespace != other.Namespace || r.Subsystem != other.Subsystem {
		return nil
	}
	for i := range r.Families {
		if r.Families[i].Name == f.Name {
			return &r.Families[i]
		}
	}
	return nil
}

// AppendValues appends what all series come to now, in the order of the
// registry: one number for a counter or a gauge, and for a histogram those of
// [Histogram.AppendValues].
func (r *Registry) AppendValues(dst []float64) []float64 {
	for i := range r.Families {
		for _, s := range r.Families[i].Series {
			if s.Durations != nil {
				dst = s.Durations.AppendValues(dst)
			} else {
				dst = append(dst, s.Read())
			}
		}
	}
	return dst
}
