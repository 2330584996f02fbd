package kinesis

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/record"
	"fluent-bit-kinesis/kinesis/service"
)

func TestCountsAreALineWithoutZeros(t *testing.T) {
	var c Counts
	require.Equal(t, "records 0, accepted 0 (0 bytes)", c.String())
	c.Records.Store(10)
	c.Accepted.Store(5)
	c.Bytes.Store(500)
	c.Retried.Store(4)
	c.HandedBack.Store(3)
	c.Dropped[record.NoLogKey].Store(1)
	c.Dropped[dropLost].Store(2)
	c.Requests[requestAccepted].Store(7)
	c.Requests[requestInvalid].Store(8)
	require.Equal(t, "records 10, accepted 5 (500 bytes), tried again 4, handed back 3"+
		"; dropped: without log_key 1, lost in the background 2; requests: accepted 7, invalid 8", c.String())
}

func TestEveryReasonAndOutcomeHasAName(t *testing.T) {
	for _, names := range [][]string{dropNames[:], outcomeNames[:]} {
		seen := map[string]bool{}
		for _, name := range names {
			require.NotEmpty(t, name)
			require.False(t, seen[name], name)
			seen[name] = true
		}
	}
}

// In the end each record is accepted or dropped, whatever went on between.
func TestCountsAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStream{t: t}
		n := 0
		s.refuse = func(putRecord) string {
			if n++; n%7 == 0 {
				return throttledCode
			}
			return ""
		}
		s.fail = refusesPoison
		o := outputOf(t, s, "log_key", "log", "partition_key", "key", "delivery_timeout", "0")
		chunk := chunkOf(1000, func(i int) fields {
			switch {
			case i%10 == 1:
				return fields{kv("key", i)}
			case i%100 == 2:
				return fields{kv("log", "poison"), kv("key", i)}
			case i%100 == 3:
				return fields{kv("log", "a")}
			}
			return fields{kv("log", "abc"), kv("key", i)}
		})
		require.Greater(t, o.offered(t, chunk, "tag"), 1)
		c := o.Counts()
		require.EqualValues(t, 100, c.Dropped[record.NoLogKey])
		require.EqualValues(t, 10, c.Dropped[dropInvalid])
		require.EqualValues(t, 890, c.Accepted)
		require.Len(t, s.data(), 890)
		require.EqualValues(t, sizeOf(s.landed), c.Bytes)
		require.EqualValues(t, c.Accepted+c.HandedBack+110, c.Records, "each offer ends for each of its records")
	})
}

// However many records and requests are concerned, the log stays quiet.
func TestTheLogStaysQuietUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, log := &fakeStream{t: t, refuse: throttleAll}, &logText{}
		o := outputLogging(t, log, s, configOf(t, "log_key", "log", "partition_key", "key", "delivery_timeout", "0"))
		chunk := chunkOf(20, func(i int) fields {
			if i%2 == 0 {
				return fields{kv("other", i)}
			}
			return fields{kv("log", "x")}
		})
		begin := time.Now()
		for time.Since(begin) < time.Minute {
			require.Equal(t, Retry, o.Flush(chunk, "tag"))
			time.Sleep(100 * time.Millisecond)
		}
		require.Less(t, strings.Count(log.String(), "\n"), 40)
		require.Contains(t, log.String(), "more held back since it was last said")
		require.LessOrEqual(t, strings.Count(log.String(), "so far: "), 2, "a summary a minute")
	})
}

func TestTheLogNamesWhatIsWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, log := &fakeStream{t: t}, &logText{}
		o := outputLogging(t, log, s, configOf(t, "partition_key", "key", "delivery_timeout", "0"))
		s.fail = func(context.Context, []putRecord) error {
			return &service.Error{Fault: service.Denied, Status: 400, Code: "ResourceNotFoundException", Message: "Stream logs under account 1 not found."}
		}
		require.Equal(t, Retry, o.Flush(keyed(3, 1), "tag"))
		require.Contains(t, log.String(), "a request of 3 records failed (denied): ResourceNotFoundException: Stream logs under account 1 not found. (HTTP status 400)")
		require.Contains(t, log.String(), "3 of the 3 records of a chunk go back to Fluent Bit to be offered again: ResourceNotFoundException")

		s.fail, s.refuse = nil, func(r putRecord) string {
			if r.n(t) == 1 {
				return throttledCode
			}
			return ""
		}
		require.Equal(t, Retry, o.Flush(keyed(3, 1), "tag"))
		require.Contains(t, log.String(), "1 of the 3 records of a request were refused: "+throttledCode)
		s.refuse = nil
		require.Equal(t, OK, o.Flush(numbered(3), "tag"))
		require.Contains(t, log.String(), "a record has no usable value for partition_key and goes under a random key")
	})
}

func TestASummaryCountsTheRecordThatItIsSaidFor(t *testing.T) {
	log := &logText{}
	o := outputLogging(t, log, instantStream, configOf(t, "log_key", "log"))
	require.Equal(t, OK, o.Flush(chunkOf(3, func(i int) fields {
		if i == 1 {
			return fields{kv("message", "no log here")}
		}
		return fields{kv("log", "x")}
	}), "tag"))
	require.Contains(t, log.String(), "so far: records 2, accepted 0 ")
}
