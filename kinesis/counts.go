package kinesis

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"fluent-bit-kinesis/kinesis/record"
)

// Why records are dropped for good: for what package record finds in them, or
// for what comes of sending them.
const (
	dropInvalid  = record.DropReasons + iota // the service refused it as invalid
	dropLost                                 // the attempts in the background are used up
	dropLarge                                // it is larger than the stream takes
	dropNoStream                             // it has no value for the name of its stream
	dropUnfit                                // its values make a name that no stream can have
	dropReasons
)

var dropNames = func() (names [dropReasons]string) {
	for reason := range record.DropReasons {
		names[reason] = reason.String()
	}
	names[dropInvalid], names[dropLost] = "refused as invalid", "lost in the background"
	names[dropLarge] = "larger than the stream takes"
	names[dropNoStream], names[dropUnfit] = "without a stream", "for a name that no stream can have"
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
	Refused    atomic.Int64 // records that the stream refused for its pace, each time
	HandedBack atomic.Int64 // to Fluent Bit, to be offered again
	Empty      atomic.Int64 // events that were left out, as skip_empty asks
	Truncated  atomic.Int64
	RandomKeys atomic.Int64 // records without the partition key that was asked for
	Unplaced   atomic.Int64 // records without the explicit hash key that was asked for
	Bytes      atomic.Int64 // accepted: data and partition keys
	ChunkBytes atomic.Int64 // of chunks, again for each offer of a chunk
	SentBytes  atomic.Int64 // of the bodies of requests
	Aggregated atomic.Int64 // records packed into aggregates
	Aggregates atomic.Int64 // that they were packed into
	LedgerHits atomic.Int64 // records that were not sent again, for the stream held them
	LedgerLost atomic.Int64 // chunks that the ledger had no room to remember

	Defaulted atomic.Int64 // records for stream_default
	NoRoom    atomic.Int64 // records handed back for want of room among streams_maximum

	LedgerRead  atomic.Int64 // chunks that the ledger's file knew at the start
	LedgerKnown atomic.Int64 // chunks that came back and were known

	Dropped   [dropReasons]atomic.Int64
	Requests  [requestOutcomes]atomic.Int64
	RefusedBy [refusalCodes]atomic.Int64 // records in requests that were taken, each time
	Waited    [waits]atomic.Int64        // nanoseconds, of all deliveries together
}

// A Snapshot is what the counts were at one time.
type Snapshot struct {
	Records, Accepted, Retried, Refused, HandedBack, Empty, Truncated, RandomKeys, Unplaced, Bytes int64
	Aggregated, Aggregates, LedgerHits, LedgerLost                                                 int64
	LedgerRead, LedgerKnown, Defaulted, NoRoom                                                     int64
	Waited                                                                                         time.Duration // for the pace

	Dropped  [dropReasons]int64
	Requests [requestOutcomes]int64
}

// Counts is what has become of the records and requests until now.
func (o *Output) Counts() Snapshot { return o.counts.snapshot() }

func (c *Counts) snapshot() Snapshot {
	s := Snapshot{
		Records: c.Records.Load(), Accepted: c.Accepted.Load(), Retried: c.Retried.Load(), Refused: c.Refused.Load(),
		HandedBack: c.HandedBack.Load(), Truncated: c.Truncated.Load(), RandomKeys: c.RandomKeys.Load(),
		Unplaced: c.Unplaced.Load(), Bytes: c.Bytes.Load(), Empty: c.Empty.Load(), Aggregated: c.Aggregated.Load(), Aggregates: c.Aggregates.Load(),
		LedgerHits: c.LedgerHits.Load(), LedgerLost: c.LedgerLost.Load(),
		Waited: c.waitedForPace(), LedgerRead: c.LedgerRead.Load(), LedgerKnown: c.LedgerKnown.Load(),
		Defaulted: c.Defaulted.Load(), NoRoom: c.NoRoom.Load(),
	}
	for i := range s.Dropped {
		s.Dropped[i] = c.Dropped[i].Load()
	}
	for i := range s.Requests {
		s.Requests[i] = c.Requests[i].Load()
	}
	return s
}

// String is [Snapshot.String] of now.
func (c *Counts) String() string { return c.snapshot().String() }

// String is the counts in one line, those that are zero left out.
func (s Snapshot) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "records %d, accepted %d (%d bytes)", s.Records, s.Accepted, s.Bytes)
	for _, count := range []struct {
		name string
		n    int64
	}{
		{"packed", s.Aggregated},
		{"into aggregates", s.Aggregates},
		{"tried again", s.Retried},
		{"handed back", s.HandedBack},
		{"of these for want of room among streams_maximum", s.NoRoom},
		{"for stream_default", s.Defaulted},
		{"not sent again", s.LedgerHits},
		{"left out as empty", s.Empty},
		{"truncated", s.Truncated},
		{"under a random key for want of their own", s.RandomKeys},
		{"placed by their partition key for want of a hash key", s.Unplaced},
		{"chunks in ledger_file at the start", s.LedgerRead},
		{"chunks that came back and were known", s.LedgerKnown},
		{"chunks forgotten by the ledger", s.LedgerLost},
	} {
		if count.n > 0 {
			fmt.Fprintf(&b, ", %s %d", count.name, count.n)
		}
	}
	appendNamed(&b, "; dropped: ", dropNames[:], s.Dropped[:])
	appendNamed(&b, "; requests: ", outcomeNames[:], s.Requests[:])
	if s.Refused > 0 {
		fmt.Fprintf(&b, "; pace: throttled %d, waited %s", s.Refused, s.Waited.Round(time.Millisecond))
	}
	return b.String()
}

func appendNamed(b *strings.Builder, opening string, names []string, values []int64) {
	for i, n := range values {
		if n > 0 {
			fmt.Fprintf(b, "%s%s %d", opening, names[i], n)
			opening = ", "
		}
	}
}
