package main

// #include <stdlib.h>
// #include "metrics.h"
import "C"

import (
	"strconv"
	"time"
	"unsafe"

	"fluent-bit-kinesis/kinesis"
	"fluent-bit-kinesis/plugins/metrics"
)

// hostOf is what Fluent Bit knows and keeps of the output that FLBPluginInit is
// called for. Where Fluent Bit does not tell its name, its number stands in.
func hostOf(plugin unsafe.Pointer, number int) kinesis.Host {
	h := kinesis.Host{Output: pluginName + "." + strconv.Itoa(number)}
	if name := C.kinesis_metrics_output_name(plugin); name != nil {
		h.Output = C.GoString(name)
	}
	if context := C.kinesis_metrics_context(plugin); context != nil {
		h.Register = func(r *metrics.Registry) (publish func([]float64), release func()) {
			return register(context, r)
		}
	}
	return h
}

// register makes the metrics of a registry in Fluent Bit. publish sets them to
// the values of the registry, and is not to be called by two goroutines at a
// time; release gives back what that takes.
func register(context unsafe.Pointer, r *metrics.Registry) (publish func([]float64), release func()) {
	var m memory
	n := 0
	for i := range r.Families {
		n += len(r.Families[i].Series)
	}
	all := m.series(n)
	next := all
	for i := range r.Families {
		f := &r.Families[i]
		metric := m.metric(context, r, f)
		for _, s := range f.Series {
			m.describe(&next[0], metric, r, f, s)
			next = next[1:]
		}
	}
	publish = func(values []float64) {
		C.kinesis_metrics_publish(unsafe.SliceData(all), C.int(len(all)), (*C.double)(unsafe.SliceData(values)), C.uint64_t(time.Now().UnixNano()))
	}
	return publish, m.free
}

// metric makes a metric in Fluent Bit, which copies the texts.
func (m *memory) metric(context unsafe.Pointer, r *metrics.Registry, f *metrics.Family) unsafe.Pointer {
	var texts memory
	defer texts.free()
	var labels []string
	for _, l := range r.Labels {
		labels = append(labels, l.Name)
	}
	labels = append(labels, f.Labels...)
	names := texts.array(labels)
	var bounds []float64
	if h := f.Series[0].Durations; h != nil {
		bounds = h.Bounds()
	}
	return C.kinesis_metrics_create(context, kinds[f.Kind],
		texts.text(r.Namespace), texts.text(r.Subsystem), texts.text(f.Name), texts.text(f.Help),
		unsafe.SliceData(names), C.int(len(names)),
		(*C.double)(unsafe.SliceData(bounds)), C.int(len(bounds)))
}

var kinds = [...]C.int{
	metrics.Counter:         C.METRIC_COUNTER,
	metrics.Gauge:           C.METRIC_GAUGE,
	metrics.DurationBuckets: C.METRIC_HISTOGRAM,
}

// describe fills in a series of a metric.
func (m *memory) describe(into *C.struct_kinesis_series, metric unsafe.Pointer, r *metrics.Registry, f *metrics.Family, s metrics.Series) {
	into.kind, into.metric, into.value_count = kinds[f.Kind], metric, 1
	if s.Durations != nil {
		into.value_count = C.int(len(s.Durations.Bounds()) + 2)
	}
	labels := into.labels[:0]
	for _, l := range r.Labels {
		labels = append(labels, m.text(l.Value))
	}
	for _, value := range s.Values {
		labels = append(labels, m.text(value))
	}
	into.label_count = C.int(len(labels))
}

// memory is what has been taken of C's.
type memory struct{ taken []unsafe.Pointer }

func (m *memory) text(s string) *C.char {
	c := C.CString(s)
	m.taken = append(m.taken, unsafe.Pointer(c))
	return c
}

func (m *memory) array(texts []string) []*C.char {
	c := C.calloc(C.size_t(max(1, len(texts))), C.size_t(unsafe.Sizeof((*C.char)(nil))))
	m.taken = append(m.taken, c)
	array := unsafe.Slice((**C.char)(c), len(texts))
	for i, s := range texts {
		array[i] = m.text(s)
	}
	return array
}

func (m *memory) series(n int) []C.struct_kinesis_series {
	c := C.calloc(C.size_t(max(1, n)), C.sizeof_struct_kinesis_series)
	m.taken = append(m.taken, c)
	return unsafe.Slice((*C.struct_kinesis_series)(c), n)
}

func (m *memory) free() {
	for _, c := range m.taken {
		C.free(c)
	}
	m.taken = nil
}
