package kinesis

import (
	"bytes"
	"io"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/plugins"
)

func TestOfflineTheBodiesOfAChunkAreGivenAwayAndCountAsAccepted(t *testing.T) {
	var mu sync.Mutex
	var bodies [][]byte // guarded by mu
	o, err := NewOffline(configOf(t), plugins.NewLogger(io.Discard, "kinesis", ""), func(body []byte) {
		mu.Lock()
		defer mu.Unlock()
		bodies = append(bodies, bytes.Clone(body))
	})
	require.NoError(t, err)
	require.Equal(t, OK, o.Flush(numbered(1200), "tag"))
	o.Close()

	require.Len(t, bodies, 3)
	found := map[int]bool{}
	for _, body := range bodies {
		for _, r := range recordsOf(t, body) {
			found[r.n(t)] = true
		}
	}
	require.Len(t, found, 1200)
	require.EqualValues(t, 1200, o.Counts().Accepted)
}
