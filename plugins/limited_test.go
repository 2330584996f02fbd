package plugins

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// However many goroutines meet with the cause of a warning at one moment, one
// line is written in an interval, and the lines account for each occurrence:
// those that they are, and those that they say were held back. What could go
// wrong takes nanoseconds, so there are many moments, and two goroutines, which
// are the most that are sure to have a processor each, come to them a little
// more or less apart.
func TestLimitedIsSaidOnceHoweverManyMeetWithItsCauseAtOnce(t *testing.T) {
	const intervals = 2
	for _, test := range []struct{ workers, moments int }{{2, 4000}, {16, 100}} {
		t.Run(fmt.Sprint(test.workers, " goroutines"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				log := NewLogger(&out, "kinesis", "")
				kinds := make([]*Limited, test.moments)
				for i := range kinds {
					kinds[i] = log.Limited("many", time.Minute)
				}
				accounted := 0
				for range intervals {
					meet(test.workers, test.moments, func(i int) { kinds[i].Warnf("met with %d", i) })
					lines, held := accountOf(t, &out)
					require.Len(t, lines, test.moments, "each is said")
					for line, times := range lines {
						require.Equal(t, 1, times, line)
					}
					accounted += test.moments + held
					time.Sleep(time.Minute)
				}
				log.Close()
				_, held := accountOf(t, &out)
				require.Equal(t, intervals*test.moments*test.workers, accounted+held)
			})
		})
	}
}

// meet has so many goroutines do a number of things, each at about the same
// moment.
func meet(workers, moments int, do func(moment int)) {
	var arrived atomic.Int64
	var met sync.WaitGroup
	for worker := range workers {
		met.Go(func() {
			for moment := range moments {
				arrived.Add(1)
				for spins := 1; arrived.Load() < int64(workers*(moment+1)); spins++ {
					if spins%256 == 0 {
						runtime.Gosched() // who is missing may have no processor to come on
					}
				}
				for range moment >> (5 * (worker % 2)) % 32 {
					arrived.Load() // takes a nanosecond or so
				}
				do(moment)
			}
		})
	}
	met.Wait()
}

// accountOf reads the log: how often it has each line, what was held back left
// out, and how often it says that was altogether.
func accountOf(t *testing.T, out *bytes.Buffer) (lines map[string]int, held int) {
	t.Helper()
	lines = map[string]int{}
	for _, line := range logLines(t, out) {
		text, more, ok := strings.Cut(strings.ReplaceAll(line, "many: ", "("), " (")
		if ok {
			var n int
			_, err := fmt.Sscanf(more, "%d more held back", &n)
			require.NoError(t, err, line)
			held += n
		}
		lines[strings.Trim(text, `"`)]++
	}
	return lines, held
}

func TestALimitedKindHasALevel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := NewLogger(&out, "kinesis", "error")
		warning, mistake := log.Limited("warnings", time.Minute), log.LimitedError("errors", time.Minute)
		for range 3 {
			warning.Warnf("it passes")
			if mistake.Due() {
				mistake.Say("it is lost")
			}
		}
		log.Close()
		require.NotContains(t, out.String(), "passes")
		require.NotContains(t, out.String(), "warnings")
		require.Equal(t, 1, strings.Count(out.String(), `level=error msg="[kinesis] it is lost"`))
		require.Equal(t, 1, strings.Count(out.String(), `level=error msg="[kinesis] errors: 2 more held back since it was last said"`))
	})
}
