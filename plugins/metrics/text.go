package metrics

import (
	"math"
	"strconv"
	"strings"
)

// ContentType is that of the text format.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// AppendText appends the metrics of registries in Prometheus' text format,
// version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/.
// A metric that several of them have is one metric, with the series of all.
func AppendText(dst []byte, registries ...*Registry) []byte {
	told := map[string]bool{}
	for i, r := range registries {
		for j := range r.Families {
			f := &r.Families[j]
			name := r.FullName(f)
			if told[name] {
				continue
			}
			told[name] = true
			dst = appendHead(dst, name, f)
			for _, other := range registries[i:] {
				if same := other.same(r, f); same != nil {
					dst = appendFamily(dst, name, other.Labels, same)
				}
			}
		}
	}
	return dst
}

var helpEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`)

func appendHead(dst []byte, name string, f *Family) []byte {
	dst = append(dst, "# HELP "+name+" "+helpEscapes.Replace(f.Help)+"\n"...)
	return append(dst, "# TYPE "+name+" "+f.Kind.String()+"\n"...)
}

func appendFamily(dst []byte, name string, common []Label, f *Family) []byte {
	for _, s := range f.Series {
		labels := labelText(common, f.Labels, s.Values)
		if s.Durations != nil {
			dst = appendHistogram(dst, name, labels, s.Durations)
			continue
		}
		dst = appendSample(dst, name, labels, s.Read())
	}
	return dst
}

func appendHistogram(dst []byte, name, labels string, h *Histogram) []byte {
	values := h.AppendValues(nil)
	n := len(h.bounds)
	for i, bound := range h.bounds {
		dst = appendSample(dst, name+"_bucket", withLabel(labels, "le", boundText(bound)), values[i])
	}
	dst = appendSample(dst, name+"_bucket", withLabel(labels, "le", "+Inf"), values[n])
	dst = appendSample(dst, name+"_sum", labels, values[n+1])
	return appendSample(dst, name+"_count", labels, values[n])
}

func appendSample(dst []byte, name, labels string, value float64) []byte {
	dst = append(dst, name...)
	if labels != "" {
		dst = append(dst, "{"+labels+"}"...)
	}
	return append(dst, " "+number(value)+"\n"...)
}

// labelText is labels as they stand between the braces.
func labelText(common []Label, names, values []string) (text string) {
	for _, l := range common {
		text = withLabel(text, l.Name, l.Value)
	}
	for i, name := range names {
		text = withLabel(text, name, values[i])
	}
	return text
}

var valueEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

func withLabel(labels, name, value string) string {
	if labels != "" {
		labels += ","
	}
	return labels + name + `="` + valueEscapes.Replace(strings.ToValidUTF8(value, "\uFFFD")) + `"`
}

// boundText is a bound as OpenMetrics and Fluent Bit have it: 1.0, 0.5.
func boundText(bound float64) string {
	if bound == math.Trunc(bound) {
		return strconv.FormatFloat(bound, 'f', 1, 64)
	}
	return number(bound)
}

// number is the shortest text that reads back the same. Whole numbers stay
// readable.
func number(v float64) string {
	const exact = 1 << 53 // up to here a float64 has all of them
	switch {
	case math.IsInf(v, 1):
		return "+Inf"
	case v == math.Trunc(v) && math.Abs(v) < exact:
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
