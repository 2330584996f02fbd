package kinesistest

// Outcomes of requests in [Stats.Outcomes], beside error codes.
const (
	OutcomeOK         = "ok"          // every record landed
	OutcomePartial    = "partial"     // answered 200, some or all records refused
	OutcomeCutBefore  = "cut before"  // see Faults.CutBefore
	OutcomeCutAfter   = "cut after"   // see Faults.CutAfter
	OutcomeCutWithin  = "cut within"  // see Faults.CutWithin
	OutcomeStalled    = "stalled"     // see Faults.StallWithin
	OutcomeBadGateway = "bad gateway" // see Faults.BadGateway
	OutcomeGone       = "client gone" // the client went away before its answer
)

// Stats is what a server has seen since its start or since [Server.Reset]. All
// but Operations, Connections and Hanging is of PutRecords alone.
type Stats struct {
	// Operations counts the requests of each operation.
	Operations map[string]int64 `json:"operations"`
	// Connections counts those accepted by the stream's listener.
	Connections int64 `json:"connections"`

	// Requests counts those that were read whole, and Outcomes the same by
	// what became of them: one of the Outcome constants, or the code of the
	// error that was answered. A request that is under way has none yet.
	Requests int64            `json:"requests"`
	Outcomes map[string]int64 `json:"outcomes"`
	// BodyBytes counts the bytes of the requests' bodies.
	BodyBytes int64 `json:"body_bytes"`
	// RecordsPerRequest counts requests that could be parsed by their number
	// of records.
	RecordsPerRequest map[int]int64 `json:"records_per_request"`

	// Offered counts the records of the requests that could be parsed.
	Offered int64 `json:"offered"`
	// Landed counts the records on the streams, and LandedBytes their data
	// plus partition keys.
	Landed      int64 `json:"landed"`
	LandedBytes int64 `json:"landed_bytes"`
	// Throttled and Failed count the records refused within an answer.
	Throttled int64 `json:"throttled"`
	Failed    int64 `json:"failed"`
	// Unanswered counts the landed records whose answer was cut off.
	Unanswered int64 `json:"unanswered"`

	// InFlight is the number of requests under way, and MaxInFlight the most
	// there have been at once.
	InFlight    int `json:"in_flight"`
	MaxInFlight int `json:"max_in_flight"`
	// Hanging is the number of requests now held by Faults.Hang or
	// Faults.StallWithin.
	Hanging int `json:"hanging"`
	// Overlaps counts the pairs of requests that were in flight together and
	// carried records of one partition key of one stream.
	Overlaps int64 `json:"overlaps"`
	// AbandonedOverlaps counts such pairs of which the earlier request turned
	// out to have been given up by its client. They are not in Overlaps, for
	// the client may have given up before it sent the later one.
	AbandonedOverlaps int64 `json:"abandoned_overlaps"`
}
