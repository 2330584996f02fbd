package test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// The service's limit for data plus partition key, and the mark of data that
// was cut to it.
const (
	limit = 1 << 20
	mark  = "[Truncated...]"
)

// A line of 2 MB is what one event may at most be: a chunk holds no more.
const line2MB = 2_000_000

func TestDataIsCutExactlyAtTheLimit(t *testing.T) {
	const byRandomKey = limit - 8
	for _, x := range []struct {
		name       string
		options    options
		body       []flbhost.Field
		start, end string
		filling    string
		size       int // of the data
		cut        bool
	}{
		{"a line of 2 MB", nil, fields(F("log", strings.Repeat("x", line2MB))),
			`{"log":"`, mark, "x", byRandomKey, true},
		{"a line of 2 MB, then a newline", options{"append_newline": "on"}, fields(F("log", strings.Repeat("x", line2MB))),
			`{"log":"`, mark + "\n", "x", byRandomKey, true},
		{"a line of 2 MB by itself", options{"log_key": "log"}, fields(F("log", strings.Repeat("x", line2MB))),
			"", mark, "x", byRandomKey, true},
		{"a line of 2 MB by itself, then a newline", options{"log_key": "log", "append_newline": "on"}, fields(F("log", strings.Repeat("x", line2MB))),
			"", mark + "\n", "x", byRandomKey, true},
		{"a binary of 2 MB by itself", options{"log_key": "log"}, fields(F("log", []byte(strings.Repeat("\xff", line2MB)))),
			"", mark, "\xff", byRandomKey, true},
		{"under a long partition key", options{"partition_key": "k"}, fields(F("log", strings.Repeat("x", line2MB)), F("k", strings.Repeat("ü", 300))),
			`{"log":"`, mark, "x", limit - 2*256, true},
		{"with the time behind what is cut", options{"time_key": "time"}, fields(F("log", strings.Repeat("x", line2MB))),
			`{"log":"`, mark, "x", byRandomKey, true},

		{"as long as it may be", nil, fields(F("log", strings.Repeat("x", byRandomKey-10))),
			`{"log":"`, `"}`, "x", byRandomKey, false},
		{"one byte longer", nil, fields(F("log", strings.Repeat("x", byRandomKey-9))),
			`{"log":"`, mark, "x", byRandomKey, true},
		{"one byte shorter", nil, fields(F("log", strings.Repeat("x", byRandomKey-11))),
			`{"log":"`, `"}`, "x", byRandomKey - 1, false},
		{"as long as it may be with its newline", options{"append_newline": "on"}, fields(F("log", strings.Repeat("x", byRandomKey-11))),
			`{"log":"`, "\"}\n", "x", byRandomKey, false},
		{"too long by its newline", options{"append_newline": "on"}, fields(F("log", strings.Repeat("x", byRandomKey-10))),
			`{"log":"`, mark + "\n", "x", byRandomKey, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := setStage(t, kinesistest.Options{}, flbhost.Config{}, x.options)
			landed := s.flush(flbhost.OK, one(when, x.body...))
			require.Len(t, landed, 1)
			filling := strings.Repeat(x.filling, x.size-len(x.start)-len(x.end))
			requireSame(t, x.start+filling+x.end, string(landed[0].Data))
			log := exitLog(t, s.host)
			if x.cut {
				require.Equal(t, limit, len(landed[0].Data)+len(landed[0].PartitionKey))
				requireLine(t, log, "error", "a record was cut to the 1048576 bytes that the service takes")
				requireLine(t, log, "info", "at exit", "truncated 1")
			} else {
				requireNoLine(t, log, "error", "cut")
			}
		})
	}
}

func TestDataIsNeverCutInsideACharacter(t *testing.T) {
	for _, x := range []struct {
		name, character string
	}{
		{"of two bytes", "ü"},
		{"of three bytes", "€"},
		{"of four bytes", "👍"},
	} {
		for _, shift := range []string{"", "a", "ab", "abc"} {
			t.Run(x.name+" after "+decimal(len(shift))+" others", func(t *testing.T) {
				s := setStage(t, kinesistest.Options{}, flbhost.Config{}, options{"log_key": "log"})
				line := shift + strings.Repeat(x.character, line2MB/len(x.character))
				landed := s.flush(flbhost.OK, one(when, F("log", line)))
				require.Len(t, landed, 1)
				room := limit - 8 - len(mark) - len(shift)
				requireSame(t, shift+strings.Repeat(x.character, room/len(x.character))+mark, string(landed[0].Data))
			})
		}
	}
}

func TestRecordsAroundOneThatIsCutLandWhole(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{})
	var c flbhost.Chunk
	var want []string
	for i := range 6 {
		c.Append(flbhost.EventTime(when), F("n", i))
		c.Append(flbhost.EventTime(when), F("log", strings.Repeat("y", 1_100_000)))
		want = append(want, `{"n":`+decimal(i)+`}`)
	}
	landed := s.flush(flbhost.OK, &c)
	require.Len(t, landed, 12, "more than a request may carry")
	var small []string
	for _, record := range landed {
		if len(record.Data) < limit/2 {
			small = append(small, string(record.Data))
			continue
		}
		requireSame(t, `{"log":"`+strings.Repeat("y", limit-8-8-len(mark))+mark, string(record.Data))
	}
	require.ElementsMatch(t, want, small)
}
