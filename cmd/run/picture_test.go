package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
)

func throttledReading() reading {
	return reading{
		sample: sample{
			counts: result{sent: 14085, landed: 10245},
			stats:  kinesistest.Stats{Throttled: 1568, LandedBytes: 9_320_721, InFlight: 3},
			plugin: pluginPage{
				"requests_in_flight_limit": 32, "requests_waiting": 8, "throttled": 1, "pace_records_per_second": 1877.4,
				"pace_bytes_per_second": 1_712_265.8, "records_handed_back_total": 12, "records_dropped_total": 0,
			},
		},
		limit: 2, elapsed: 3_240 * time.Millisecond, landed: 1800, refused: 24, bytes: 1_640_000, share: 0.9,
		shards: []shardReading{
			{shard{"shard 0", 0, 8000, 7_000_000}, 1000},
			{shard{"shard 1", 1, 2245, 2_320_721}, 800},
		},
	}
}

func TestThePictureTellsWhereTheRunIs(t *testing.T) {
	said := []string{
		"host | ready",
		`plugin | time="2026-11-27T03:01:57Z" level=warning msg="[kinesis 0] 34 of the 34 records of a request were refused: Rate exceeded"`,
	}
	require.Equal(t, strings.Split(strings.TrimPrefix(`
2 shards that take 2,000 records or 2 MiB a second, 3.2s     Ctrl-C ends the input

landed            10,245 of 14,085          1,800/s, 90% of the limit
refused            1,568                    24/s
data              9.3 MB                    1.6 MB/s
in flight              3 of 32, 8 wait
pace               1,877 records/s, 1.7 MB/s
handed back           12
dropped                0

shard 0            8,000      7.0 MB     1,000/s  ████████████████████████████████
shard 1            2,245      2.3 MB       800/s  ██████████████████████████

host | ready
plugin | warning: 34 of the 34 records of a request were refused: Rate exceeded`, "\n"), "\n"),
		picture(throttledReading(), said, 82, 24, false))
}

func TestThePictureWithoutLimitsHoldsShardsAgainstTheFastest(t *testing.T) {
	r := throttledReading()
	r.limit, r.plugin = 0, pluginPage{"requests_in_flight_limit": 32}
	text := strings.Join(picture(r, nil, 100, 24, false), "\n")
	require.Contains(t, text, "2 shards without limits, 3.2s")
	require.Contains(t, text, "pace           not limited: the stream does not throttle")
	require.NotContains(t, text, "of the limit")
	require.Contains(t, text, "1,000/s  "+strings.Repeat("█", mostBar)+"\n")
	require.Contains(t, text, "800/s  "+strings.Repeat("█", mostBar*8/10))
}

func TestThePictureBeforeThePluginIsThereHasNoNumbersOfIt(t *testing.T) {
	text := strings.Join(picture(reading{}, nil, 80, 24, false), "\n")
	require.Contains(t, text, "no stream yet, 0s")
	require.Regexp(t, `(?m)^in flight +0$`, text)
	require.Regexp(t, `(?m)^pace +-$`, text)
	require.Regexp(t, `(?m)^handed back +-$`, text)
}

func TestThePictureFitsAnyScreen(t *testing.T) {
	r := throttledReading()
	for i := range 300 {
		r.shards = append(r.shards, shardReading{shard{fmt.Sprintf("shard %d", i+2), i + 2, 5, 500}, 1})
	}
	said := strings.Split(strings.Repeat("a line that is longer than most screens are wide, so that it has to be cut: é\n", 50), "\n")
	for _, colour := range []bool{false, true} {
		for width := 1; width < 120; width++ {
			for height := 1; height < 40; height++ {
				lines := picture(r, said, width, height, colour)
				require.LessOrEqual(t, len(lines), height)
				for _, line := range lines {
					require.LessOrEqual(t, utf8.RuneCountInString(withoutPaint(line)), width, "%q", line)
					require.Equal(t, strings.Count(line, "\x1b[") > 0, strings.HasSuffix(line, plain) || strings.Contains(line, plain), "%q", line)
				}
			}
		}
	}
	require.Contains(t, picture(r, nil, 80, 24, false), "and 289 more shards, for which there is no room")
}
