package zstd

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress/internal/match"
	"fluent-bit-kinesis/internal/needs"
)

func newDecoder(t testing.TB) *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	require.NoError(t, err)
	t.Cleanup(d.Close)
	return d
}

// requireDecodes requires that another's decoder makes src of a frame.
func requireDecodes(t testing.TB, d *zstd.Decoder, src, frame []byte) {
	got, err := d.DecodeAll(frame, nil)
	require.NoError(t, err, "%d bytes: %x", len(src), src[:min(len(src), 100)])
	require.True(t, bytes.Equal(src, got), "%d bytes come back as %d", len(src), len(got))
}

// messages are n bytes each, of kinds that go different ways.
func messages(n int) map[string][]byte {
	rnd := rand.New(rand.NewPCG(uint64(n), 3))
	random, few, skewed, all := make([]byte, n), make([]byte, n), make([]byte, n), make([]byte, n)
	for i := range random {
		random[i] = byte(rnd.Uint32())
		few[i] = "ab"[rnd.IntN(2)]
		skewed[i] = byte(rnd.ExpFloat64() * 8)
		all[i] = byte(i * 7)
	}
	var text, digits strings.Builder
	for text.Len() < n {
		fmt.Fprintf(&text, `{"log":"order %d took %dms","stream":"stdout","host":"ip-10-0-0-%d"}`, rnd.IntN(1e6), rnd.IntN(900), rnd.IntN(256))
		fmt.Fprintf(&digits, "%016x%016x%016x%016x%016x", rnd.Uint64(), rnd.Uint64(), rnd.Uint64(), rnd.Uint64(), rnd.Uint64())
	}
	return map[string][]byte{
		"text": []byte(text.String()[:n]), "random": random, "two letters": few, "skewed": skewed, "digits": []byte(digits.String()[:n]),
		"zeros": make([]byte, n), "all bytes": all, "high": bytes.ReplaceAll(skewed, []byte{0}, []byte{255}),
	}
}

func TestEveryLengthComesBack(t *testing.T) {
	d, e := newDecoder(t), new(Encoder)
	var dst []byte
	for n := 0; n <= MaxLen+1; n += 1 + n/150 {
		for name, src := range messages(n) {
			var ok bool
			if dst, ok = e.Append(dst[:0], src); ok {
				requireDecodes(t, d, src, dst)
				require.Less(t, len(dst), n)
				continue
			}
			require.Empty(t, dst)
			require.False(t, name == "text" && n >= MinLen && n <= MaxLen, "%d bytes", n)
		}
	}
}

func TestAMessageThatIsNotTakenLeavesTheBufferAsItWas(t *testing.T) {
	for name, src := range map[string][]byte{
		"too short": messages(MinLen - 1)["text"], "too long": messages(MaxLen + 1)["text"],
		"no matches": messages(1000)["random"], "short matches": messages(1000)["digits"],
	} {
		out, ok := new(Encoder).Append([]byte("before"), src)
		require.False(t, ok, name)
		require.Equal(t, "before", string(out), name)
	}
}

// What Append leaves to others is right as well: whether a message is taken is a matter of size alone.
func TestEverySectionComesBack(t *testing.T) {
	d, e := newDecoder(t), new(Encoder)
	everywhere := match.Everywhere(MaxLen)
	for n := 300; n <= MaxLen; n += 1 + n/150 {
		for _, src := range messages(n) {
			for _, far := range []*match.Far{{}, &far, &everywhere} {
				sequences, rest := e.finder.Find(src, search, far)
				e.literals.join(src, sequences, rest)
				at := e.literals.write(&e.builder, e.buf[:])
				at = writeSequences(e.buf[:], at, sequences)
				if at < n { // no block may be longer than the content
					requireDecodes(t, d, src, append(appendHeaders(nil, n, at), e.buf[:at]...))
				}
			}
		}
	}
}

func TestTheSameMessageMakesTheSameBytesWhateverCameBefore(t *testing.T) {
	used := new(Encoder)
	for n := MinLen; n <= MaxLen; n += 50 {
		src := messages(n)["text"]
		got, _ := used.Append(nil, src)
		want, _ := new(Encoder).Append(nil, src)
		require.Equal(t, want, got)
	}
}

func TestNothingIsAllocated(t *testing.T) {
	e, src := new(Encoder), messages(450)["text"]
	dst := make([]byte, 0, 1000)
	require.Zero(t, testing.AllocsPerRun(100, func() { dst, _ = e.Append(dst[:0], src) }))
}

// The reference decoder is stricter than others.
func TestTheReferenceDecoderReadsFrames(t *testing.T) {
	tool, err := exec.LookPath("zstd")
	if err != nil {
		needs.Missing(t, "zstd is not on the PATH; on Debian: apt-get install zstd")
	}
	e := new(Encoder)
	var frames, all []byte
	for n := MinLen; n <= MaxLen; n += 7 {
		for _, src := range messages(n) {
			var ok bool
			if frames, ok = e.Append(frames, src); ok {
				all = append(all, src...)
			}
		}
	}
	command := exec.Command(tool, "-dc")
	command.Stdin = bytes.NewReader(frames)
	got, err := command.Output()
	require.NoError(t, err)
	require.True(t, bytes.Equal(all, got), "%d bytes come back as %d", len(all), len(got))
}

// RFC 8878, 3.1.1.3.2.1.1: the first length of some codes.
func TestLengthsAreWrittenAsTheFormatSays(t *testing.T) {
	for length, want := range map[int]lengthCode{0: {}, 15: {code: 15}, 17: {16, 1, 1}, 24: {20, 2, 0}, 64: {25, 6, 0}, 511: {27, 8, 255}, 1024: {29, 10, 0}} {
		require.Equal(t, want, literalCodes[length], length)
	}
	for length, want := range map[int]lengthCode{3: {}, 34: {code: 31}, 36: {32, 1, 1}, 43: {36, 2, 0}, 99: {42, 5, 0}, 131: {43, 7, 0}, 1027: {46, 10, 0}} {
		require.Equal(t, want, matchCodes[length], length)
	}
}

func FuzzAppend(f *testing.F) {
	for _, n := range []int{MinLen, 450, MaxLen} {
		for _, src := range messages(n) {
			f.Add(src)
		}
	}
	d, e := newDecoder(f), new(Encoder)
	f.Fuzz(func(t *testing.T, src []byte) {
		out, ok := e.Append([]byte("before"), src)
		require.True(t, bytes.HasPrefix(out, []byte("before")))
		if ok {
			requireDecodes(t, d, src, out[len("before"):])
		}
	})
}
