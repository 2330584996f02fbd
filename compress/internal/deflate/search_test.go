package deflate

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// lines are what a container logs, some of it again and again with a change in
// the middle, as the search for matches needs it to make a difference.
const lines = `{"log":"INFO  [worker-7] c.e.4f.OrderService: order 4711 accepted for customer 9ac1 in 35 ms\n","stream":"stdout","time":"2024-06-12T07:45:01.123456789Z"}
{"log":"INFO  [worker-7] c.e.4f.OrderService: order 4712 accepted for customer 77b0 in 135 ms\n","stream":"stdout","time":"2024-06-12T07:45:01.223456001Z"}
{"log":"WARN  [worker-17] c.e.4f.PaymentService: payment of order 4711 refused, customer 9ac1, attempt 1 of 3\n","stream":"stderr","time":"2024-06-12T07:45:02.000120001Z"}
{"log":"10.1.77.4 - - \"GET /api/v1/orders/4711?customer=9ac1&attempt=1 HTTP/1.1\" 200 5120 \"-\" \"okhttp/4.9.3\" rt=0.035\n","stream":"stdout","time":"2024-06-12T07:45:02.000130001Z"}
{"log":"10.1.77.5 - - \"GET /api/v1/customers/9ac1?attempt=1&order=4711 HTTP/1.1\" 200 512 \"-\" \"okhttp/4.9.3\" rt=0.135\n","stream":"stdout","time":"2024-06-12T07:45:02.100130001Z"}
{"log":"level=info msg=\"request finished\" trace=5f00b1aa status=200 bytes=5120 duration=35.120ms\n","stream":"stderr","kubernetes":{"pod_name":"checkout-4f9d8-x2x7z","namespace_name":"prod-checkout","container_name":"checkout"}}
{"log":"level=info msg=\"request finished\" trace=5f00b1ab status=200 bytes=512 duration=135.120ms\n","stream":"stderr","kubernetes":{"pod_name":"checkout-4f9d8-x2x7z","namespace_name":"prod-checkout","container_name":"checkout"}}
`

// runs are letters in which there is nearly always a match, and a longer one a
// byte further on or further back: what depth, nice and lazy are about.
func runs(n int) string {
	var b strings.Builder
	for state := uint32(1); b.Len() < n; {
		state = state*1664525 + 1013904223
		start := state >> 29
		b.WriteString("abcdabcbacd"[start:min(11, start+4+state>>26&3)])
	}
	return b.String()[:n]
}

// growing is the start of a text, each time a little more of it: the nearest match
// is not the longest, which is what nice is about.
func growing() (text string) {
	for _, n := range []int{240, 20, 40, 55, 80, 110, 140, 180} {
		text += lines[:n]
	}
	return text
}

// The output is right whatever the search finds: only its size tells where it
// finds less. Where a change makes it smaller, put the new sizes down here;
// where it makes it larger, see first whether the time is worth it.
func TestEachLevelFindsAsMuchAsIsPutDown(t *testing.T) {
	inputs := [...]string{lines[:450], lines[:1000], lines, runs(450), runs(MaxLen), growing(), strings.Repeat("a", 600)}
	for i, want := range [...][len(inputs)]int{ // levels 1 to 9
		{217, 422, 479, 122, 360, 191, 8},
		{216, 417, 475, 114, 322, 189, 8},
		{216, 417, 475, 113, 320, 189, 8},
		{216, 417, 475, 117, 329, 191, 8},
		{216, 415, 473, 111, 320, 189, 8},
		{216, 415, 473, 109, 309, 183, 8},
		{216, 415, 473, 110, 300, 179, 8},
		{216, 415, 473, 110, 298, 177, 8},
		{216, 415, 473, 110, 299, 177, 8},
	} {
		level := i + 1
		t.Run(fmt.Sprint("level ", level), func(t *testing.T) {
			var got [len(inputs)]int
			e := New(level)
			for i, input := range inputs {
				out, ok := e.Append(nil, []byte(input))
				require.True(t, ok)
				requireInflates(t, []byte(input), out)
				got[i] = len(out)
			}
			require.Equal(t, want, got)
		})
	}
}

// The same for long messages.
func TestEachLevelFindsAsMuchAsIsPutDownInALongMessage(t *testing.T) {
	text := messages(60_000)["text"]
	inputs := [...][]byte{text, []byte(strings.Repeat(lines, 3)), []byte(runs(20_000)), mixtures(60_000)["text, then random"], []byte(digits(20_000))}
	for i, want := range [...][len(inputs)]int{ // levels 1 to 9
		{8163, 530, 4107, 34497, 8743},
		{8092, 523, 3730, 34491, 8743},
		{7974, 520, 3579, 34457, 8743},
		{8003, 507, 3609, 34457, 8743},
		{7923, 507, 3496, 34435, 8743},
		{7893, 503, 3400, 34421, 8731},
		{7825, 501, 3212, 34406, 8725},
		{7600, 501, 3140, 34311, 8725},
		{7550, 501, 3133, 34292, 8725},
	} {
		level := i + 1
		t.Run(fmt.Sprint("level ", level), func(t *testing.T) {
			var got [len(inputs)]int
			l := NewLong()
			for i, input := range inputs {
				out := l.Append(nil, input, level)
				requireInflates(t, input, out)
				got[i] = len(out)
			}
			require.Equal(t, want, got)
		})
	}
}

// Where the bytes at hand are too alike for the matches to pay, a short message is parsed again without them.
func TestShortHexadecimalDigitsTakeHalf(t *testing.T) {
	for level := 1; level <= 9; level++ {
		for n := 100; n < 1500; n += 50 {
			src := []byte(hex.EncodeToString(randomBytes(uint64(n), n/2)))
			out, _ := New(level).Append(nil, src)
			requireInflates(t, src, out)
			require.Less(t, len(out), n/2+n/32+20, "%d bytes at level %d", n, level)
		}
	}
}
