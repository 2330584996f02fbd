package record

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/plugins/events"
	"fluent-bit-kinesis/plugins/msgjson"
)

func TestWhatKeepsARecordFromBeingSentHasAReason(t *testing.T) {
	small := Options{MaximumSize: randomKeySize + 1}
	for name, test := range map[string]struct {
		encoder encoder
		body    fields
		want    DropReason
	}{
		"no log_key":       {encoderOf(t, Options{LogKey: "log"}), fields{kv("a", 1)}, NoLogKey},
		"nested too deep":  {encoderOf(t, Options{}), fields{kv("a", deep(msgjson.MaxDepth))}, TooDeep},
		"not made to fit":  {encoderOf(t, small).compressing(compress.Gzip), fields{kv("a", 1)}, TooBig},
		"a deeper log_key": {encoderOf(t, Options{LogKey: "a"}), fields{kv("a", deep(msgjson.MaxDepth))}, TooDeep},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := test.encoder.of(eventsAt, test.body)
			reason, known := DropOf(err)
			require.True(t, known)
			require.Equal(t, test.want, reason)
		})
	}
}

func TestWhatCannotBeReadEndsTheChunk(t *testing.T) {
	for name, body := range map[string][]byte{
		"a value that is cut off": {0x81, 0xa1, 'a', 0xa5, 'b'},
		"a byte that is no value": {0x81, 0xa1, 'a', 0xc1},
		"a map of nothing":        {0x81},
	} {
		t.Run(name, func(t *testing.T) {
			event := events.NewReader(append([]byte{0x92, 0x05}, body...))
			require.True(t, event.Next())
			_, _, err := encoderOf(t, Options{}).Encode(&event)
			require.Error(t, err)
			reason, known := DropOf(err)
			require.False(t, known)
			require.Equal(t, Malformed, reason)
		})
	}
	reason, known := DropOf(errors.New("any other"))
	require.False(t, known)
	require.Equal(t, Malformed, reason)
}

func TestEveryReasonHasAName(t *testing.T) {
	seen := map[string]bool{}
	for reason := range DropReasons {
		require.NotEmpty(t, reason.String())
		require.False(t, seen[reason.String()], reason.String())
		seen[reason.String()] = true
	}
}
