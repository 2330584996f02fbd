package test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// An aggregate of data that is compressed already comes out longer.
func TestAnAggregateThatWouldBeTooLongCompressedGoesUncompressed(t *testing.T) {
	const maximum = 64 << 10
	for _, f := range []string{"gzip", "zstd"} {
		t.Run(f, func(t *testing.T) {
			s := setStage(t, kinesistest.Options{}, flbhost.Config{}, raw(options{
				"aggregation_compression": f, "aggregation_maximum_record_size": decimal(maximum), "skip_aggregation_record_size": decimal(maximum - 1)}))
			size := filling(t, "k", maximum, maximum)[0]
			random := rand.New(rand.NewPCG(3, 4))
			bytes := make([]byte, size)
			for i := range bytes {
				bytes[i] = byte(random.Uint64())
			}
			landed := s.flush(flbhost.OK, one(when, F("k", "k"), F("log", bytes)))
			require.Len(t, landed, 1)
			require.Equal(t, maximum, len(landed[0].Data)+len("k"))
			format, err := compress.Parse(f)
			require.NoError(t, err)
			users, totals := read(t, s.stream, streamName, kinesistest.View{AggregationCompression: format})
			require.EqualValues(t, 1, totals.Packed)
			requireSame(t, string(bytes), string(users[0].Data))
			requireLine(t, exitLog(t, s.host), "warning", "an aggregate of 65535 bytes goes uncompressed")
		})
	}
}

func TestALineOf2MBThatCompressesWellLandsWhole(t *testing.T) {
	line := strings.Repeat("lines of 2 MB are rare; ", line2MB/24)
	for _, f := range compress.Formats()[1:] {
		for _, aggregation := range []string{"off", "on"} {
			t.Run(f.String()+", aggregation "+aggregation, func(t *testing.T) {
				s := setStage(t, kinesistest.Options{}, flbhost.Config{}, options{"compression": f.String(), "log_key": "log", "aggregation": aggregation})
				s.flush(flbhost.OK, lines(line))
				users, _ := read(t, s.stream, streamName, kinesistest.View{Compression: f})
				require.Len(t, users, 1)
				requireSame(t, line, string(users[0].Data))
				requireNoLine(t, exitLog(t, s.host), "warning")
			})
		}
	}
}

func TestALineThatIsTooLongCompressedIsCutUntilItFits(t *testing.T) {
	text := noise(9, line2MB)
	for _, f := range compress.Formats()[1:] {
		for _, x := range []struct {
			name          string
			options       options
			opening, ends string
		}{
			{"by itself", options{"log_key": "log"}, "", mark},
			{"by itself, with a newline", options{"log_key": "log", "append_newline": "on"}, "", mark + "\n"},
			{"in its record, among aggregates", options{"aggregation": "on"}, `{"log":"`, mark},
		} {
			t.Run(f.String()+", "+x.name, func(t *testing.T) {
				s := setStage(t, kinesistest.Options{}, flbhost.Config{}, with(x.options, "compression", f.String()))
				landed := s.flush(flbhost.OK, lines(text))
				require.Len(t, landed, 1)
				size := len(landed[0].Data) + len(landed[0].PartitionKey)
				require.LessOrEqual(t, size, limit)
				require.Greater(t, size, limit-limit/32-100, "as much as fits, about")
				users, _ := read(t, s.stream, streamName, kinesistest.View{Compression: f})
				got := string(users[0].Data)
				kept, cut := strings.CutSuffix(got, x.ends)
				require.True(t, cut, "ends in %s", excerpt(got, len(got)))
				require.True(t, strings.HasPrefix(x.opening+text, kept), "is the begin of the line")
				log := exitLog(t, s.host)
				requireLine(t, log, "error", "a record was cut to the 1048576 bytes that the service takes")
				requireLine(t, log, "info", "at exit: records 1, accepted 1 ", "truncated 1")
			})
		}
	}
}

func TestALineIsCutFromTheByteOnWithWhichItNoLongerFitsCompressed(t *testing.T) {
	const room = limit - 8 // beside a random key
	text := noise(10, 1_500_000)
	for _, f := range compress.Formats()[1:] {
		compressor, err := compress.New(f, compress.DefaultLevel)
		require.NoError(t, err)
		// The longest start of the text that fits, found by halving.
		fits, over := 0, len(text)
		for over-fits > 1 {
			n := (fits + over) / 2
			if out, err := compressor.Append(nil, []byte(text[:n])); err == nil && len(out) <= room {
				fits = n
			} else {
				over = n
			}
		}
		for _, x := range []struct {
			name string
			n    int
			cut  bool
		}{
			{"as long as fits", fits, false},
			{"one byte longer", fits + 1, true},
		} {
			t.Run(f.String()+", "+x.name, func(t *testing.T) {
				s := setStage(t, kinesistest.Options{}, flbhost.Config{}, options{"compression": f.String(), "log_key": "log"})
				s.flush(flbhost.OK, lines(text[:x.n]))
				users, _ := read(t, s.stream, streamName, kinesistest.View{Compression: f})
				require.Len(t, users, 1)
				if x.cut {
					require.True(t, bytes.HasSuffix(users[0].Data, []byte(mark)))
				} else {
					requireSame(t, text[:x.n], string(users[0].Data))
				}
			})
		}
	}
}
