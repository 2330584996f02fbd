package test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

func TestAtErrorTheLogHasWhatNeedsAPersonOrHasCostData(t *testing.T) {
	deep := one(when, F("deep", nestedArrays(128)))
	long := one(when, F("log", strings.Repeat("x", 1<<20)))
	for _, x := range []struct {
		name   string
		stream kinesistest.Options
		env    []string
		given  options
		chunk  *flbhost.Chunk
		code   int
		said   []string // nothing where it passes by itself
	}{
		{"a request that is denied", kinesistest.Options{Faults: kinesistest.Faults{AnswerError: 1, Error: kinesistest.ErrorNamed("AccessDeniedException")}},
			nil, nil, goodThen(), flbhost.Retry, []string{"a request of 3 records failed (denied): AccessDeniedException"}},
		{"a stream that is not there", kinesistest.Options{},
			nil, options{"stream": "nowhere"}, goodThen(), flbhost.Retry, []string{"failed (denied): ResourceNotFoundException"}},
		{"no credentials", kinesistest.Options{},
			withoutCredentials, nil, goodThen(), flbhost.Retry, []string{"a request of 3 records failed (denied): NoCredentials"}},
		{"keys that have expired and stay so", kinesistest.Options{Faults: kinesistest.Faults{AnswerError: 1, Error: kinesistest.ErrorNamed("ExpiredTokenException")}},
			nil, options{"delivery_timeout": "0"}, goodThen(), flbhost.Retry, []string{"3 of the 3 records of a chunk go back", "ExpiredTokenException"}},
		{"a record that is dropped", kinesistest.Options{}, nil, nil, deep, flbhost.OK, []string{"record 0 of a chunk is dropped"}},
		{"a record that is cut", kinesistest.Options{}, nil, nil, long, flbhost.OK, []string{"a record was cut"}},
		{"a chunk that cannot be read", kinesistest.Options{}, nil, nil, goodThen(0xc1), flbhost.Error, []string{"bytes from there on are dropped"}},
		{"throttling", kinesistest.Options{Faults: kinesistest.Faults{ThrottleAll: true}},
			nil, options{"delivery_timeout": "0"}, goodThen(), flbhost.Retry, nil},
		{"a failing service", kinesistest.Options{Faults: kinesistest.Faults{FailRequests: 1}},
			nil, options{"delivery_timeout": "0"}, goodThen(), flbhost.Retry, nil},
		{"an odd value of an option", kinesistest.Options{}, nil, options{"append_newline": "maybe"}, goodThen(), flbhost.OK, nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := setStage(t, x.stream, flbhost.Config{Env: append([]string{"FLB_LOG_LEVEL=error"}, x.env...)}, x.given)
			s.flush(x.code, x.chunk)
			log := exitLog(t, s.host)
			if x.said == nil {
				require.Empty(t, log)
				return
			}
			requireLine(t, log, "error", append(x.said, "[kinesis 0] ")...)
			require.Len(t, log, 1)
		})
	}
}

// What was denied a moment before does not hold it back.
func TestThatKeysHaveExpiredIsSaidBesideADenial(t *testing.T) {
	failing := func(code string) kinesistest.Faults {
		return kinesistest.Faults{AnswerError: 1, Error: kinesistest.ErrorNamed(code)}
	}
	s := setStage(t, kinesistest.Options{Faults: failing("AccessDeniedException")}, flbhost.Config{}, options{"delivery_timeout": "0"})
	s.flush(flbhost.Retry, goodThen())
	require.NoError(t, s.stream.SetFaults(failing("ExpiredTokenException")))
	s.flush(flbhost.Retry, goodThen())
	log := exitLog(t, s.host)
	requireLine(t, log, "error", "a request of 3 records failed (denied): AccessDeniedException")
	requireLine(t, log, "error", "3 of the 3 records of a chunk go back", "ExpiredTokenException")
}
