package test

import (
	"encoding/binary"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

func TestTimeKeyFormatWritesTheEventsTime(t *testing.T) {
	early := time.Date(2026, 1, 2, 3, 4, 5, 6789, time.UTC)
	for _, x := range []struct {
		format      string
		at          time.Time
		want, early string
	}{
		{"%Y-%m-%dT%H:%M:%S", when, "2026-03-14T09:26:53", "2026-01-02T03:04:05"},
		{"%Y-%m-%dT%H:%M:%S.%L", when, "2026-03-14T09:26:53.123", "2026-01-02T03:04:05.000"},
		{"%Y-%m-%dT%H:%M:%S.%fZ", when, "2026-03-14T09:26:53.123456Z", "2026-01-02T03:04:05.000006Z"},
		{"%s", when, "1773480413", "1767323045"},
		{"%s%L", when, "1773480413123", "1767323045000"},
		{"%d/%b/%Y:%H:%M:%S %z", when, "14/Mar/2026:09:26:53 +0000", "02/Jan/2026:03:04:05 +0000"},
		{"%A, %B %e, %I:%M %p %Z", when, "Saturday, March 14, 09:26 AM UTC", "Friday, January  2, 03:04 AM UTC"},
		{"day %j of %y, 100%%", when, "day 073 of 26, 100%", "day 002 of 26, 100%"},
		{"%F %T", when, "2026-03-14 09:26:53", "2026-01-02 03:04:05"},
		{"%Y-%m-%dT%H:%M:%S.%N%:z", when, "2026-03-14T09:26:53.123456789+00:00", "2026-01-02T03:04:05.000006789+00:00"},
		{"%FT%T.%3NZ", when, "2026-03-14T09:26:53.123Z", "2026-01-02T03:04:05.000Z"},
		{"%s%6N", when, "1773480413123456", "1767323045000006"},
		{"%s%9N", when, "1773480413123456789", "1767323045000006789"},
		{"%-m/%-d/%y %-I:%M:%S %P", when, "3/14/26 9:26:53 am", "1/2/26 3:04:05 am"},
		{"%^a %_d %^b %Y %#Z", when, "SAT 14 MAR 2026 utc", "FRI  2 JAN 2026 utc"},
		{"%e|%k|%l|%012s|%EY|%Od", when, "14| 9| 9|001773480413|2026|14", " 2| 3| 3|001767323045|2026|02"},
		{"no conversion", when, "no conversion", "no conversion"},
		{`"quoted" %Y`, when, `\"quoted\" 2026`, `\"quoted\" 2026`},
	} {
		t.Run(x.format, func(t *testing.T) {
			s := setStage(t, kinesistest.Options{}, flbhost.Config{}, options{"time_key": "t", "time_key_format": x.format})
			var c flbhost.Chunk
			for _, at := range []time.Time{x.at, early, x.at} {
				c.Append(flbhost.EventTime(at))
			}
			require.Equal(t, []string{`{"t":"` + x.want + `"}`, `{"t":"` + x.early + `"}`, `{"t":"` + x.want + `"}`}, datas(s.flush(flbhost.OK, &c)))
		})
	}
}

func TestTimesOfOneSecondAreToldApart(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{}, options{"time_key": "t", "time_key_format": "%s.%f"})
	var c flbhost.Chunk
	second := when.Truncate(time.Second)
	for _, micros := range []time.Duration{0, 1, 999999} {
		c.Append(flbhost.EventTime(second.Add(micros * time.Microsecond)))
	}
	require.Equal(t, []string{`{"t":"1773480413.000000"}`, `{"t":"1773480413.000001"}`, `{"t":"1773480413.999999"}`}, datas(s.flush(flbhost.OK, &c)))
}

func TestTheTimeZoneIsThatOfTheProcess(t *testing.T) {
	india := filepath.Join(t.TempDir(), "zone")
	write(t, india, zoneFile("IST", 5*time.Hour+30*time.Minute))
	if runtime.GOOS == "windows" { // has no files of zones: the library brings them, by name
		india = "Asia/Kolkata"
	}
	for _, x := range []struct{ name, zone, want string }{
		{"another zone", india, "2026-03-14T14:56:53 +0530 IST"},
		{"UTC", "UTC", "2026-03-14T09:26:53 +0000 UTC"},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := setStage(t, kinesistest.Options{}, flbhost.Config{Env: []string{"TZ=" + x.zone}},
				options{"time_key": "t", "time_key_format": "%Y-%m-%dT%H:%M:%S %z %Z"})
			require.Equal(t, []string{`{"t":"` + x.want + `"}`}, datas(s.flush(flbhost.OK, one(when))))
		})
	}
}

// zoneFile is a time zone without changes in the format of RFC 8536, version 1,
// so that the test asks nothing of the machine's own zones.
func zoneFile(name string, offset time.Duration) []byte {
	file := append([]byte("TZif"), make([]byte, 16)...) // version, reserved
	for _, count := range []uint32{0, 0, 0, 0, 1, uint32(len(name) + 1)} {
		file = binary.BigEndian.AppendUint32(file, count) // of the types one, and the characters of their names
	}
	file = binary.BigEndian.AppendUint32(file, uint32(offset/time.Second))
	file = append(file, 0, 0) // no daylight saving, name 0
	return append(append(file, name...), 0)
}
