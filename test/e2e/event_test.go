//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/samples"
)

const (
	eventCount = 20_000
	podCount   = 400
	perChunk   = 1_000

	longEvery = 500        // events between two whose line is long
	longLine  = 25_000     // bytes: too long for an aggregate
	hugeLine  = 700 * 1000 // bytes: a request takes few of these
)

// An event is what Fluent Bit hands to the plugin, and what must come out of
// it. The numbers make each of them another record.
type event struct {
	N          int        `json:"n"`
	Log        string     `json:"log"`
	Stream     string     `json:"stream"`
	Place      string     `json:"place"` // a hash key, decimal
	Kubernetes kubernetes `json:"kubernetes"`

	at time.Time
}

type kubernetes struct {
	Pod    string            `json:"pod_name"`
	Labels map[string]string `json:"labels"` // one, so that its order is no question
}

const (
	label       = "app.kubernetes.io/name"
	dotlessName = "app_kubernetes_io/name"
)

// events is lines of a cluster's logs over and over, from pods whose names, the
// partition keys where they are asked for, are not all ASCII nor all short.
func events(count int) []event {
	lines := samples.Events()
	all := make([]event, count)
	for n := range all {
		pod := n % podCount
		e := &all[n]
		*e = event{
			N:      n,
			Log:    fmt.Sprintf("%s #%d", lines[n%len(lines)].Text("log"), n),
			Stream: "stdout",
			Place:  placeOf(n),
			Kubernetes: kubernetes{
				Pod:    podName(pod),
				Labels: map[string]string{label: fmt.Sprint("app ", pod%7)},
			},
			at: time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC).Add(time.Duration(n) * time.Millisecond),
		}
		switch {
		case n == eventCount/2:
			e.Log += strings.Repeat("-", hugeLine)
		case n%longEvery == longEvery-1:
			e.Log += strings.Repeat("abc ", longLine/4)
		}
	}
	return all
}

func podName(n int) string {
	switch n {
	case 1:
		return "häuschen-日本-1"
	case 4:
		return strings.Repeat("длинно", 40)
	}
	return fmt.Sprintf("web-%d", n)
}

// placeOf is one of many hash keys all over a stream's range, which says nothing
// of the partition key.
func placeOf(n int) string {
	const places = 64
	place := big.NewInt(int64(n * 37 % places))
	return place.Lsh(place, 128-6).String()
}

// long tells whether the event's record goes beside the aggregates.
func (e *event) long() bool { return len(e.Log) > longLine }

func (e *event) fields() []flbhost.Field {
	k := e.Kubernetes
	return []flbhost.Field{
		flbhost.F("n", e.N),
		flbhost.F("log", e.Log),
		flbhost.F("stream", e.Stream),
		flbhost.F("place", e.Place),
		flbhost.F("kubernetes", []flbhost.Field{
			flbhost.F("pod_name", k.Pod),
			flbhost.F("labels", []flbhost.Field{flbhost.F(label, k.Labels[label])}),
		}),
	}
}

// chunks is the events as Fluent Bit hands them over.
func chunks(all []event) (bytes [][]byte) {
	var c flbhost.Chunk
	for n := range all {
		c.Append(flbhost.EventTime(all[n].at), all[n].fields()...)
		if c.Len() == perChunk || n == len(all)-1 {
			bytes = append(bytes, append([]byte(nil), c.Bytes()...))
			c.Reset()
		}
	}
	return bytes
}

// jsonOf is the JSON of a value by the standard library, as plain as the
// plugin's.
func jsonOf(t *testing.T, value any) string {
	t.Helper()
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	require.NoError(t, encoder.Encode(value))
	return strings.TrimSuffix(b.String(), "\n")
}
