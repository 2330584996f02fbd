package kinesis

import "fluent-bit-kinesis/kinesis/wire"

// The codes by which the service refuses a record of a request that it takes,
// as the reference of PutRecords has them, and what else may come.
type refusalCode uint8

const (
	refusalRate refusalCode = iota
	refusalInternal
	refusalOther
	refusalCodes
)

var refusalNames = [refusalCodes]string{"ProvisionedThroughputExceededException", "InternalFailure", "other"}

// countRefusals counts the records of a request that the service refused.
func (s *shared) countRefusals(answer *wire.Answer) {
	var refused [refusalCodes]int64
	for i := range answer.Results {
		switch answer.Results[i].Code {
		case "":
		case refusalNames[refusalRate]:
			refused[refusalRate]++
		case refusalNames[refusalInternal]:
			refused[refusalInternal]++
		default:
			refused[refusalOther]++
		}
	}
	for code, n := range refused {
		s.counts.RefusedBy[code].Add(n)
	}
}
