package kinesistest

import (
	"fmt"
	"time"
)

// Faults says what goes wrong, and how often. Fractions are 0 to 1. A set of
// faults holds for one operation; see [Server.SetFaults].
type Faults struct {
	// ThrottleRecords is the fraction of records refused within an otherwise
	// good answer as ProvisionedThroughputExceededException.
	ThrottleRecords float64 `json:"throttle_records,omitempty"`
	// FailRecords is the fraction of records refused so as InternalFailure.
	FailRecords float64 `json:"fail_records,omitempty"`
	// ThrottleAll refuses every record so as throttled, whatever the fractions
	// say, until it is cleared.
	ThrottleAll bool `json:"throttle_all,omitempty"`

	// The following are fractions of requests. One request meets at most one
	// of them, so they add up to 1 at most.

	// FailRequests are answered 500 InternalFailure, with nothing landed.
	FailRequests float64 `json:"fail_requests,omitempty"`
	// ThrottleRequests are refused as a whole with
	// ProvisionedThroughputExceededException, status 400.
	ThrottleRequests float64 `json:"throttle_requests,omitempty"`
	// AnswerError are answered with Error.
	AnswerError float64 `json:"answer_error,omitempty"`
	// Error answers the AnswerError fraction; see [ErrorNamed].
	Error Error `json:"error,omitzero"`
	// BadGateway are answered 502 with a page of HTML, as a proxy on the way
	// would, with nothing landed.
	BadGateway float64 `json:"bad_gateway,omitempty"`
	// CutBefore have their connection closed once they are read, with nothing
	// landed and no answer.
	CutBefore float64 `json:"cut_before,omitempty"`
	// CutAfter have their connection closed once their records have landed,
	// with no answer. Those records are [Record.Unanswered].
	CutAfter float64 `json:"cut_after,omitempty"`
	// CutWithin have their connection closed in the middle of the answer's
	// body. Those records are [Record.Unanswered] too.
	CutWithin float64 `json:"cut_within,omitempty"`
	// StallWithin have the first half of their answer written and no more. The
	// connection is cut at [Server.Release], unless the client goes away
	// before. Those records are [Record.Unanswered] too.
	StallWithin float64 `json:"stall_within,omitempty"`
	// Hang are held, unprocessed, until [Server.Release] or until the client
	// goes away, in which case nothing lands.
	Hang float64 `json:"hang,omitempty"`

	// Delay holds each request before it is processed, and DelayJitter adds a
	// seeded random time up to its value.
	Delay       time.Duration `json:"delay,omitempty"`
	DelayJitter time.Duration `json:"delay_jitter,omitempty"`
	// AnswerDelay holds each answer after the records have landed. Where the
	// client goes away meanwhile, they are [Record.Unanswered].
	AnswerDelay time.Duration `json:"answer_delay,omitempty"`
}

// check names the first mistake in f.
func (f Faults) check() error {
	for _, x := range []struct {
		name     string
		fraction float64
	}{
		{"ThrottleRecords", f.ThrottleRecords},
		{"FailRecords", f.FailRecords},
		{"ThrottleRecords + FailRecords", f.ThrottleRecords + f.FailRecords},
		{"FailRequests", f.FailRequests},
		{"ThrottleRequests", f.ThrottleRequests},
		{"AnswerError", f.AnswerError},
		{"BadGateway", f.BadGateway},
		{"CutBefore", f.CutBefore},
		{"CutAfter", f.CutAfter},
		{"CutWithin", f.CutWithin},
		{"StallWithin", f.StallWithin},
		{"Hang", f.Hang},
		{"the sum of the fractions of requests", f.FailRequests + f.ThrottleRequests + f.AnswerError +
			f.BadGateway + f.CutBefore + f.CutAfter + f.CutWithin + f.StallWithin + f.Hang},
	} {
		// Sums of decimal fractions may miss 1 by a few bits.
		if !(x.fraction >= 0 && x.fraction <= 1+1e-9) {
			return fmt.Errorf("kinesistest: faults: %s is %v; a fraction is 0 to 1", x.name, x.fraction)
		}
	}
	if f.Delay < 0 || f.DelayJitter < 0 || f.AnswerDelay < 0 {
		return fmt.Errorf("kinesistest: faults: a delay is negative")
	}
	if f.AnswerError > 0 && (f.Error.Code == "" || f.Error.Status < 400) {
		return fmt.Errorf("kinesistest: faults: AnswerError is %v, and Error has no code or no status of 400 or more", f.AnswerError)
	}
	return nil
}
