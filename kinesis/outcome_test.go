package kinesis

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// How a request is counted tells an operator where to look, so it is said here
// in words and for each fault.
func TestARequestThatFailsIsCountedByWhoCanMendIt(t *testing.T) {
	for f, outcome := range map[fault]string{
		unanswered: "unanswered",
		unsent:     "unanswered",
		throttled:  "throttled",
		failing:    "failing",
		expired:    "denied", // the credentials want mending, as where access is denied
		denied:     "denied",
		invalid:    "invalid",
	} {
		t.Run(f.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStream{t: t, fail: func(context.Context, []putRecord) error { return failed(f) }}
				o := outputOf(t, s, "request_retries", "0")
				o.Flush(numbered(1), "tag")
				require.Regexp(t, "; requests: "+outcome+" 1$", o.Counts().String())
			})
		})
	}
}
