package wire

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// bothBodies are the same records in CBOR and in JSON.
func bothBodies(records [][2]string) (cbor, json []byte) {
	for _, format := range []Format{cborFormat{}, jsonFormat{}} {
		b := NewBody(format, format.AppendHead(nil, "a \"stream\""))
		for _, r := range records {
			b.Add([]byte(r[0]), []byte(r[1]))
		}
		cbor, json = json, b.Close()
	}
	return cbor, json
}

func TestABodyOfCBORIsWrittenAnewAsTheJSONWouldBe(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, 23, 24, 255, 256, 65_535, 65_536, MaxRecordBytes - 300} {
		t.Run(fmt.Sprint(size, " bytes"), func(t *testing.T) {
			data := make([]byte, size)
			for i := range data {
				data[i] = byte(random.Uint32())
			}
			var records [][2]string
			for _, key := range []string{"k", "\"quoted\\\"", "ключ🍵", string(bytes.Repeat([]byte("é"), 128))} {
				records = append(records, [2]string{string(data), key})
			}
			cbor, json := bothBodies(records)
			got, err := AppendAsJSON([]byte(">"), cbor)
			require.NoError(t, err)
			require.Equal(t, ">"+string(json), string(got))
		})
	}
	t.Run("as many as there may be", func(t *testing.T) {
		cbor, json := bothBodies(make([][2]string, MaxRecords))
		got, err := AppendAsJSON(nil, cbor)
		require.NoError(t, err)
		require.Equal(t, string(json), string(got))
	})
}

func TestWhatIsNoBodyIsNotWrittenAnew(t *testing.T) {
	cbor, json := bothBodies([][2]string{{"data", "key"}, {"more", "key"}})
	for n := range cbor {
		_, err := AppendAsJSON(nil, cbor[:n])
		require.Error(t, err, "the first %d bytes", n)
	}
	for _, body := range [][]byte{json, append(bytes.Clone(cbor), 0), nil} {
		_, err := AppendAsJSON(nil, body)
		require.Error(t, err)
	}
}

func FuzzAsJSON(f *testing.F) {
	f.Add([]byte("data"), "key", uint8(3))
	f.Add([]byte{}, "\x00\xff", uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, key string, n uint8) {
		var records [][2]string
		for range n {
			records = append(records, [2]string{string(data), key})
		}
		if len(key) > 1024 || len(data) > 1<<16 {
			return
		}
		cbor, json := bothBodies(records)
		got, err := AppendAsJSON(nil, cbor)
		require.NoError(t, err)
		require.Equal(t, string(json), string(got))
		_, _ = AppendAsJSON(nil, data)
	})
}
