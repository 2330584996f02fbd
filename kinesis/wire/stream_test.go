package wire

import (
	"encoding/json"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"
)

func TestABodyNamesTheStreamByItsNameOrByItsARN(t *testing.T) {
	forEachFormat(t, func(t *testing.T, f formatCase) {
		for stream, want := range map[string]map[string]any{
			"logs": {"StreamName": "logs"},
			"arn:aws:kinesis:us-west-2:123456789012:stream/logs": {"StreamARN": "arn:aws:kinesis:us-west-2:123456789012:stream/logs"},
		} {
			b := NewBody(f.format, f.format.AppendHead(nil, stream))
			b.Add([]byte("data"), []byte("key"))
			var request map[string]any
			if f.name == CBOR {
				require.NoError(t, cbor.Unmarshal(b.Close(), &request))
			} else {
				require.NoError(t, json.Unmarshal(b.Close(), &request))
			}
			require.Len(t, request["Records"], 1)
			delete(request, "Records")
			require.Equal(t, want, request)
		}
	})
}
