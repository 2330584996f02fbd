package test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// partitionKeyOf flushes one event and returns the partition key that it landed
// under, and whether the plugin said that it was none of the record's own.
func partitionKeyOf(t *testing.T, o options, body []flbhost.Field) (key string, warned bool) {
	t.Helper()
	s := setStage(t, kinesistest.Options{}, flbhost.Config{}, o)
	landed := s.flush(flbhost.OK, one(when, body...))
	require.Len(t, landed, 1)
	log := exitLog(t, s.host)
	return landed[0].PartitionKey, len(log.with("warning", "partition_key", "random key")) > 0
}

func TestThePartitionKeyIsTheValueOfTheOption(t *testing.T) {
	long := strings.Repeat("k", 300)
	for _, x := range []struct {
		name, path string
		body       []flbhost.Field
		want       string
	}{
		{"a string", "k", fields(F("k", "value")), "value"},
		{"a string with what JSON escapes", "k", fields(F("k", "a\"b\\c\n\x01<")), "a\"b\\c\n\x01<"},
		{"a binary", "k", fields(F("k", []byte("bin"))), "bin"},
		{"text of other scripts", "k", fields(F("k", "größe 日本 👍")), "größe 日本 👍"},
		{"bytes that are not UTF-8", "k", fields(F("k", "a\xffb")), "a\uFFFDb"},
		{"an integer", "k", fields(F("k", -17)), "-17"},
		{"an integer of 64 bits", "k", fields(F("k", uint64(math.MaxUint64))), "18446744073709551615"},
		{"a float", "k", fields(F("k", 2.5)), "2.5"},
		{"a boolean", "k", fields(F("k", true)), "true"},
		{"the last of a repeated key", "k", fields(F("k", "first"), F("k", "last")), "last"},
		{"256 characters", "k", fields(F("k", long[:256])), long[:256]},
		{"300 characters", "k", fields(F("k", long)), long[:256]},
		{"300 characters of three bytes", "k", fields(F("k", strings.Repeat("€", 300))), strings.Repeat("€", 256)},
		{"256 characters of four bytes", "k", fields(F("k", strings.Repeat("👍", 256))), strings.Repeat("👍", 256)},
		{"a key with dots", "container.id", fields(F("container.id", "c0ffee")), "c0ffee"},
		{"a path", "kubernetes->labels->app", fields(F("kubernetes", fields(F("labels", fields(F("app", "web")))))), "web"},
		{"a path with blanks around its keys", " kubernetes -> pod_name ", fields(F("kubernetes", fields(F("pod_name", "web-0")))), "web-0"},
		{"a path through a repeated key", "m->k", fields(F("m", fields(F("k", "no"))), F("m", fields(F("k", "no"), F("k", "yes")))), "yes"},
		{"a path to a key named log", "m->log", fields(F("m", fields(F("log", "line")))), "line"},
	} {
		t.Run(x.name, func(t *testing.T) {
			key, warned := partitionKeyOf(t, options{"partition_key": x.path}, x.body)
			requireSame(t, x.want, key)
			require.False(t, warned)
		})
	}
}

func TestARecordWithoutAUsablePartitionKeyGetsARandomOneAndAWarning(t *testing.T) {
	for _, x := range []struct {
		name, path string
		body       []flbhost.Field
	}{
		{"not found", "k", fields(F("other", "x"))},
		{"an empty record", "k", fields()},
		{"an empty string", "k", fields(F("k", ""))},
		{"an empty binary", "k", fields(F("k", []byte{}))},
		{"a map", "k", fields(F("k", fields(F("a", 1))))},
		{"an array", "k", fields(F("k", []any{"a"}))},
		{"null", "k", fields(F("k", nil))},
		{"null behind a string", "k", fields(F("k", "first"), F("k", nil))},
		{"a path whose end is missing", "a->b", fields(F("a", fields(F("c", "x"))))},
		{"a path through a string", "a->b", fields(F("a", "b"))},
		{"a path through an array", "a->b", fields(F("a", []any{fields(F("b", "x"))}))},
		{"a path to a map", "a->b", fields(F("a", fields(F("b", fields()))))},
		{"a key at another depth", "b", fields(F("a", fields(F("b", "x"))))},
	} {
		t.Run(x.name, func(t *testing.T) {
			key, warned := partitionKeyOf(t, options{"partition_key": x.path}, x.body)
			require.Regexp(t, randomKey, key)
			require.True(t, warned)
		})
	}
}

func TestThePartitionKeyIsLookedUpWithTimeKeyAdded(t *testing.T) {
	key, warned := partitionKeyOf(t, options{"partition_key": "time", "time_key": "time"}, fields(F("time", "of the record")))
	require.Equal(t, "2026-03-14T09:26:53", key)
	require.False(t, warned)
}

func TestRandomPartitionKeysAreMadeForEachRecord(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{})
	var c flbhost.Chunk
	for range 1000 {
		c.Append(flbhost.EventTime(time.Now()), F("log", "x"))
	}
	seen := map[string]bool{}
	letters := map[rune]bool{}
	for _, key := range partitionKeys(s.flush(flbhost.OK, &c)) {
		require.Regexp(t, randomKey, key)
		seen[key] = true
		for _, letter := range key {
			letters[letter] = true
		}
	}
	require.Len(t, seen, 1000)
	require.Len(t, letters, 62, "every letter and digit is used")
	requireNoLine(t, exitLog(t, s.host), "warning")
}

func TestTheWarningOfMissingPartitionKeysIsSaidOnceWithTheirNumber(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{}, options{"partition_key": "k"})
	var c flbhost.Chunk
	for range 100 {
		c.Append(flbhost.EventTime(when), F("log", "x"))
	}
	require.Len(t, s.flush(flbhost.OK, &c), 100)
	log := exitLog(t, s.host)
	require.Len(t, log.with("warning", "goes under a random key"), 1)
	requireLine(t, log, "warning", "records without partition_key: 99 more held back")
	requireLine(t, log, "info", "at exit: records 100, accepted 100 ", "under a random key for want of their own 100")
}
