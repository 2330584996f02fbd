package kinesis

import (
	"fmt"
	"strings"
	"sync/atomic"

	"fluent-bit-kinesis/kinesis/record"
)

// Why records are dropped for good: for what package record finds in them, or
// for what comes of sending them.
const (
	dropInvalid = record.DropReasons + iota // the service refused it as invalid
	dropLost                                // the attempts in the background are used up
	dropReasons
)

var dropNames = func() (names [dropReasons]string) {
	for reason := range record.DropReasons {
		names[reason] = reason.String()
	}
	names[dropInvalid], names[dropLost] = "refused as invalid", "lost in the background"
	return names
}()

// How requests end.
type requestOutcome uint8

const (
	requestAccepted requestOutcome = iota // every record
	requestPartial                        // some records refused
	requestThrottled
	requestFailing
	requestUnanswered
	requestDenied
	requestInvalid
	requestOutcomes
)

var outcomeNames = [requestOutcomes]string{"accepted", "partly refused", "throttled", "failing", "unanswered", "denied", "invalid"}

// Counts is what has become of an instance's records and requests since its
// start. All fields are read and written atomically.
type Counts struct {
	Records    atomic.Int64 // events taken from chunks, again for each offer of a chunk
	Accepted   atomic.Int64 // by the stream
	Retried    atomic.Int64 // records tried again within a flush
	HandedBack atomic.Int64 // to Fluent Bit, to be offered again
	Truncated  atomic.Int64
	RandomKeys atomic.Int64 // records without the partition key that was asked for
	Bytes      atomic.Int64 // accepted: data and partition keys
	Aggregated atomic.Int64 // records packed into aggregates
	Aggregates atomic.Int64 // that they were packed into
	LedgerHits atomic.Int64 // records that were not sent again, for the stream held them
	LedgerLost atomic.Int64 // chunks that the ledger had no room to remember

	Dropped  [dropReasons]atomic.Int64
	Requests [requestOutcomes]atomic.Int64
}

// String is the counts in one line, those that are zero left out.
func (c *Counts) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "records %d, accepted %d (%d bytes)", c.Records.Load(), c.Accepted.Load(), c.Bytes.Load())
	for _, count := range []struct {
		name string
		n    int64
	}{
		{"packed", c.Aggregated.Load()},
		{"into aggregates", c.Aggregates.Load()},
		{"tried again", c.Retried.Load()},
		{"handed back", c.HandedBack.Load()},
		{"not sent again", c.LedgerHits.Load()},
		{"truncated", c.Truncated.Load()},
		{"under a random key for want of their own", c.RandomKeys.Load()},
		{"chunks forgotten by the ledger", c.LedgerLost.Load()},
	} {
		if count.n > 0 {
			fmt.Fprintf(&b, ", %s %d", count.name, count.n)
		}
	}
	appendNamed(&b, "; dropped: ", dropNames[:], c.Dropped[:])
	appendNamed(&b, "; requests: ", outcomeNames[:], c.Requests[:])
	return b.String()
}

func appendNamed(b *strings.Builder, opening string, names []string, values []atomic.Int64) {
	for i := range values {
		if n := values[i].Load(); n > 0 {
			fmt.Fprintf(b, "%s%s %d", opening, names[i], n)
			opening = ", "
		}
	}
}
