package kinesis

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/service"
)

// How a request is counted tells an operator where to look, so it is said here
// in words and for each fault.
func TestARequestThatFailsIsCountedByWhoCanMendIt(t *testing.T) {
	for f, outcome := range map[service.Fault]string{
		service.Unanswered: "unanswered",
		service.Unsent:     "unanswered",
		service.Throttled:  "throttled",
		service.Failing:    "failing",
		service.Expired:    "denied", // the credentials want mending, as where access is denied
		service.Denied:     "denied",
		service.Invalid:    "invalid",
	} {
		t.Run(f.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStream{t: t, fail: func(context.Context, []putRecord) error { return failed(f) }}
				o := outputOf(t, s, "delivery_timeout", "0")
				o.Flush(numbered(1), "tag")
				require.Regexp(t, "; requests: "+outcome+" 1(;|$)", o.Counts().String())
			})
		})
	}
}
