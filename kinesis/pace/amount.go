package pace

import "time"

// What the service takes on one shard in one second.
const (
	shardRecords = 1000
	shardBytes   = 1 << 20
)

// An Amount is how much a request brings. Bytes are those that the service
// counts: data and partition keys.
type Amount struct {
	Records int
	Bytes   int
}

// cost is how many seconds of one shard an amount takes: a thousand records or a
// mebibyte, whichever of the two runs out first. So one number stands for both
// limits, and nobody has to know which of them binds. That the service has these
// limits only sets the exchange rate between records and bytes; how many shards
// there are is learned.
func (a Amount) cost() float64 {
	return max(float64(a.Records)/shardRecords, float64(a.Bytes)/shardBytes)
}

// Plus is both amounts together.
func (a Amount) Plus(b Amount) Amount { return Amount{a.Records + b.Records, a.Bytes + b.Bytes} }

// Minus is an amount less a part of it.
func (a Amount) Minus(b Amount) Amount { return Amount{a.Records - b.Records, a.Bytes - b.Bytes} }

// An Ask is what somebody would like to send.
type Ask struct {
	Amount
	Weight  int       // bytes in memory while it is under way
	Whole   bool      // it cannot be sent in parts
	Now     bool      // it waits for a place in flight, and for nothing else
	Again   bool      // it has been sent before, and did not get through
	Arrived time.Time // what came first goes first; zero is now
}

// An Outcome is what became of a request: how much the stream accepted, and how
// much it refused because too much came. What it did neither with is not counted,
// so that an outcome of nothing is a request that failed as a whole.
type Outcome struct {
	Accepted Amount
	Refused  Amount
	Apart    Amount // refused by shards that are full by themselves: no news of the stream

	// Scattered is what of Refused was refused before a shard accepted, in the same
	// request, something that was no smaller. A shard that is full refuses what comes
	// next as well: it was bad luck, and to send less would not have helped.
	Scattered Amount

	Shards int           // of the stream, as far as answers have named them, see Named; 0 where they name none
	Took   time.Duration // from sending it to its answer
}

// Add adds what became of one part of the request to what became of others. Of the
// request itself it adds nothing: neither the shards nor the time.
func (o *Outcome) Add(part Outcome) {
	o.Accepted, o.Refused = o.Accepted.Plus(part.Accepted), o.Refused.Plus(part.Refused)
	o.Apart, o.Scattered = o.Apart.Plus(part.Apart), o.Scattered.Plus(part.Scattered)
}

// mostScattered is the share up to which refusals are taken for bad luck.
const mostScattered = 0.75

// forgive leaves out what was refused by bad luck.
func (o *Outcome) forgive() {
	if refused := o.Refused.cost(); refused <= mostScattered*(refused+o.Accepted.cost()) {
		o.Refused = o.Refused.Minus(o.Scattered)
	}
	o.Scattered = Amount{}
}

// A Turn is what an outcome has changed.
type Turn uint8

// Throttling begins with the first refusal, and ends when there were none for a
// while and nobody waits for the rate.
const (
	Same Turn = iota
	Begins
	Ends
)
