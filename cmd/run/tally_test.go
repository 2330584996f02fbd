package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/samples"
)

func TestTallyHoldsWhatLandedAgainstWhatWasSent(t *testing.T) {
	for _, tc := range []struct {
		name   string
		sent   int
		landed []string
		want   result
	}{
		{"nothing was sent", 0, nil, result{}},
		{"nothing landed", 2, nil, result{sent: 2, lost: 2}},
		{"all landed", 2, []string{`{"run_line":2,"a":1}`, `{"run_line":1}`}, result{sent: 2, landed: 2, bytes: 34}},
		{"one twice, one not", 2, []string{`{"run_line":1}`, `{"run_line":1}`}, result{sent: 2, landed: 2, bytes: 28, lost: 1, duplicated: 1}},
		{"a record that was cut keeps its number", 1, []string{`{"run_line":1,"log":"xx[Truncated...]`}, result{sent: 1, landed: 1, bytes: 37}},
		{"without numbers, counts are compared", 3, []string{"a", "b"}, result{sent: 3, landed: 2, bytes: 2, unmarked: 2, lost: 1}},
		{"more than was sent", 1, []string{"a", "b"}, result{sent: 1, landed: 2, bytes: 2, unmarked: 2, duplicated: 1}},
		{"a number that was never given out is none", 1, []string{`{"run_line":7}`}, result{sent: 1, landed: 1, bytes: 14, unmarked: 1}},
		{"no number at all", 1, []string{`{"run_line":x}`}, result{sent: 1, landed: 1, bytes: 14, unmarked: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			counts := newTally()
			for range tc.sent {
				counts.send(samples.Event{})
			}
			for _, data := range tc.landed {
				counts.land([]byte(data))
			}
			require.Equal(t, tc.want, counts.result())
		})
	}
}

func TestSendLeavesTheEventItWasGivenAlone(t *testing.T) {
	event := samples.Events()[0]
	fields := len(event.Fields)
	numbered := newTally().send(event)
	require.Len(t, event.Fields, fields)
	require.Len(t, numbered.Fields, fields+1)
	require.Equal(t, marker, numbered.Fields[0].Key)
}

func FuzzMarkOfAnyData(f *testing.F) {
	for _, data := range []string{"", `{"run_line":1}`, `{"run_line":`, `{"run_line":9223372036854775807,`, `{"run_line":-1}`} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		counts := newTally()
		counts.send(samples.Event{})
		counts.land(data)
		if r := counts.result(); r.landed != 1 || r.lost < 0 || r.duplicated < 0 {
			t.Fatalf("%+v", r)
		}
	})
}
