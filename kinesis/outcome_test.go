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

func TestOnlyWhatWasSentHasBytesAndOnlyWhatWasTakenIsAccepted(t *testing.T) {
	whole := func(err error) func(context.Context, []putRecord) error {
		return func(context.Context, []putRecord) error { return err }
	}
	for name, test := range map[string]struct {
		s              *fakeStream
		sent, accepted bool
	}{
		"taken":          {&fakeStream{}, true, true},
		"partly refused": {&fakeStream{refuse: func(r putRecord) string { return [...]string{"", failureCode}[len(r.Data)%2] }}, true, true},
		"refused":        {&fakeStream{refuse: func(putRecord) string { return failureCode }}, true, false},
		"unanswered":     {&fakeStream{fail: whole(&service.Error{Fault: service.Unanswered})}, true, false},
		"unsent":         {&fakeStream{fail: whole(&service.Error{Fault: service.Unsent})}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test.s.t = t
				o := outputOf(t, test.s, "delivery_timeout", "0")
				o.Flush(numbered(11), "tag") // of which the last has a digit more
				require.Equal(t, test.sent, o.counts.SentBytes.Load() > 0)
				require.Equal(t, test.accepted, o.lastAccepted.Load() > 0)
			})
		})
	}
}
