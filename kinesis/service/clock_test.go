package service

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestClockIsSetByADateThatIsFarFromTheSignatures(t *testing.T) {
	for _, test := range []struct {
		name   string
		theirs time.Duration // ahead of ours
		signed time.Duration // ahead of ours
		want   bool
		ahead  time.Duration // of the clock, afterwards
	}{
		{"an hour ahead", time.Hour, 0, true, time.Hour},
		{"an hour behind", -time.Hour, 0, true, -time.Hour},
		{"almost five minutes ahead", 5*time.Minute - time.Second, 0, true, 5*time.Minute - time.Second},
		{"less than the service tolerates", time.Minute, 0, false, 0},
		{"the same", 0, 0, false, 0},
		{"ours, of a signature by a clock that was wrong", 0, time.Hour, true, 0},
		{"an hour ahead, of a signature by a clock that was set since", time.Hour, time.Hour, false, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // time stands still, on a whole second
				var c clock
				date := time.Now().Add(test.theirs).UTC().Format(http.TimeFormat)
				require.Equal(t, test.want, c.correct(date, time.Now().Add(test.signed)))
				require.Equal(t, test.ahead, time.Until(c.now()))
			})
		})
	}
}

func TestClockIgnoresWhatIsNoDate(t *testing.T) {
	for _, date := range []string{"", "soon", "2026-11-23T00:00:00Z"} {
		var c clock
		require.False(t, c.correct(date, time.Time{}), "%q", date)
		require.Zero(t, c.ahead.Load())
	}
}
