package plugins

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// linePattern is a line of the log: its level and its message, quotes and all.
var linePattern = regexp.MustCompile(`^time="[^"]+" level=(\w+) msg=(.*)$`)

// logLines returns the lines of a log without their times.
func logLines(t *testing.T, out *bytes.Buffer) []string {
	t.Helper()
	var got []string
	for line := range strings.Lines(out.String()) {
		match := linePattern.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		require.NotNil(t, match, line)
		got = append(got, match[1]+" "+match[2])
	}
	out.Reset()
	return got
}

func TestLoggerWritesLinesFromItsLevelOn(t *testing.T) {
	debug, info := `debug "[kinesis 2] d 1"`, `info "[kinesis 2] i 2"`
	warn, fail := `warning "[kinesis 2] w 3"`, `error "[kinesis 2] e 4"`
	for level, want := range map[string][]string{
		"debug":   {debug, info, warn, fail},
		"DEBUG":   {debug, info, warn, fail},
		"info":    {info, warn, fail},
		"":        {info, warn, fail},
		" Warn ":  {warn, fail},
		"error":   {fail},
		"verbose": {`warning "[kinesis] FLB_LOG_LEVEL = \"verbose\": must be debug, info, warn or error; info is used"`, info, warn, fail},
		"warning": {`warning "[kinesis] FLB_LOG_LEVEL = \"warning\": must be debug, info, warn or error; info is used"`, info, warn, fail},
	} {
		t.Run("level "+level, func(t *testing.T) {
			var out bytes.Buffer
			log := NewLogger(&out, "kinesis", level).Instance(2)
			log.Debugf("d %d", 1)
			log.Infof("i %d", 2)
			log.Warnf("w %d", 3)
			log.Errorf("e %d", 4)
			require.Equal(t, want, logLines(t, &out))
			require.Equal(t, want[0] == debug, log.Debugging())
		})
	}
}

func TestLoggerSaysEachErrorOnALineOfItsOwn(t *testing.T) {
	var out bytes.Buffer
	log := NewLogger(&out, "kinesis", "")
	first, second := errors.New("first"), errors.New("second")
	log.ErrorEach("refused: ", nil)
	log.ErrorEach("refused: ", first)
	log.ErrorEach("", errors.Join(first, errors.Join(second)))
	log.ErrorEach("", fmt.Errorf("at %d: %w", 1, second))
	require.Equal(t, []string{
		`error "[kinesis] refused: first"`, `error "[kinesis] first"`, `error "[kinesis] second"`, `error "[kinesis] at 1: second"`,
	}, logLines(t, &out))
}

func TestLoggerKeepsAMessageOnOneLineAndItsPercentSigns(t *testing.T) {
	var out bytes.Buffer
	log := NewLogger(&out, "kinesis", "")
	log.Infof("%s", "a\nb %d 100%")
	require.Equal(t, []string{`info "[kinesis] a\nb %d 100%"`}, logLines(t, &out))
}

func TestLimitedIsSaidOncePerIntervalWithWhatWasHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := NewLogger(&out, "kinesis", "").Instance(0)
		missing := log.Limited("no partition key", time.Minute)
		other := log.Limited("too long", time.Minute)

		missing.Warnf("no key %q", "a")
		missing.Warnf("no key %q", "b")
		other.Warnf("too long")
		time.Sleep(59 * time.Second)
		missing.Warnf("no key %q", "c")
		require.Equal(t, []string{`warning "[kinesis 0] no key \"a\""`, `warning "[kinesis 0] too long"`}, logLines(t, &out))

		time.Sleep(time.Second)
		missing.Warnf("no key %q", "d")
		missing.Warnf("no key %q", "e")
		require.Equal(t, []string{`warning "[kinesis 0] no key \"d\" (2 more held back since it was last said)"`}, logLines(t, &out))

		time.Sleep(time.Hour)
		log.Close()
		require.Equal(t, []string{`warning "[kinesis 0] no partition key: 1 more held back since it was last said"`}, logLines(t, &out))

		log.Close()
		missing.Warnf("no key %q", "f")
		require.Equal(t, []string{`warning "[kinesis 0] no key \"f\""`}, logLines(t, &out), "what Close has said is not said again")
	})
}

func TestLimitedOfNoKindSaysNothingOfWhatWasHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := NewLogger(&out, "kinesis", "")
		counts := log.Limited("", time.Minute)
		for i := range 3 {
			counts.Warnf("so far: %d", i)
			counts.Warnf("so far: %d", i)
			time.Sleep(time.Minute)
		}
		log.Close()
		require.Equal(t, []string{
			`warning "[kinesis] so far: 0"`, `warning "[kinesis] so far: 1"`, `warning "[kinesis] so far: 2"`,
		}, logLines(t, &out))
	})
}

func TestLimitedAsksOneGoroutineToSayItAndCountsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := NewLogger(&out, "kinesis", "")
		limited := log.Limited("many", time.Minute)
		said := make(chan bool, 8000)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 1000 {
					said <- limited.Due()
				}
			})
		}
		wg.Wait()
		close(said)
		due := 0
		for ok := range said {
			if ok {
				due++
			}
		}
		require.Equal(t, 1, due)
		log.Close()
		require.Equal(t, []string{`warning "[kinesis] many: 7999 more held back since it was last said"`}, logLines(t, &out))
	})
}

func TestLimitedHoldsBackWithoutAllocating(t *testing.T) {
	limited := NewLogger(new(bytes.Buffer), "kinesis", "").Limited("many", time.Hour)
	require.True(t, limited.Due())
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if limited.Due() {
			limited.Say("said")
		}
	}))
}

func BenchmarkLimitedHeldBack(b *testing.B) {
	limited := NewLogger(new(bytes.Buffer), "kinesis", "").Limited("many", time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		limited.Due()
	}
}
