package service

import (
	"net/http"
	"sync/atomic"
	"time"
)

// A clock tells the time that the service has: by ours, until an answer says
// how far off that is. It is safe for concurrent use.
type clock struct {
	ahead atomic.Int64 // the service's clock is by so many nanoseconds
}

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// toleratedSkew is a little less than the service tolerates between the time of
// a signature and its own: five minutes.
const toleratedSkew = 4 * time.Minute

// correct sets the clock by the Date of an answer that refused a signature made
// at this time. It tells whether the time may be what it was refused for, so
// that it is worth another attempt.
func (c *clock) correct(date string, signed time.Time) bool {
	theirs, skewed := skew(date, signed)
	if skewed {
		c.ahead.Store(int64(time.Until(theirs)))
	}
	return skewed
}

// skew reads a Date, and tells whether it is too far from the time of a
// signature.
func skew(date string, signed time.Time) (theirs time.Time, skewed bool) {
	theirs, err := http.ParseTime(date)
	return theirs, err == nil && theirs.Sub(signed).Abs() >= toleratedSkew
}
