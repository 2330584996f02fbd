package kinesistest

import "fmt"

// Totals is what a [View] has read. Bytes are of data plus partition keys.
type Totals struct {
	// Records are Kinesis records, Aggregates those of them that are
	// aggregates.
	Records    int64 `json:"records"`
	Aggregates int64 `json:"aggregates"`
	Bytes      int64 `json:"bytes"`

	// UserRecords are what came in them, Packed those that came in aggregates,
	// and UserBytes their size with the data decompressed: what the stream
	// would hold had each been put by itself as it is.
	UserRecords int64 `json:"user_records"`
	Packed      int64 `json:"packed"`
	UserBytes   int64 `json:"user_bytes"`
}

// Add counts a record and the user records that came in it.
func (t *Totals) Add(r Record, users []UserRecord) {
	t.Records++
	t.Bytes += int64(r.size())
	if len(users) > 0 && users[0].Packed {
		t.Aggregates++
		t.Packed += int64(len(users))
	}
	t.UserRecords += int64(len(users))
	for _, u := range users {
		t.UserBytes += int64(len(u.Data) + len(u.PartitionKey))
	}
}

// String says how many user records were packed into how many Kinesis records,
// and what that saves.
func (t Totals) String() string {
	return fmt.Sprintf("%d of %d user records packed into %d aggregates: %d Kinesis records (%s) of %d bytes for %d (%s)",
		t.Packed, t.UserRecords, t.Aggregates, t.Records, saved(t.Records, t.UserRecords), t.Bytes, t.UserBytes, saved(t.Bytes, t.UserBytes))
}

// saved is how much less is is than was, in percent.
func saved(is, was int64) string {
	switch percent := 100 * (1 - float64(is)/float64(max(was, 1))); {
	case is == was:
		return "as many"
	case percent < 0:
		return fmt.Sprintf("%.1f%% more", -percent)
	default:
		return fmt.Sprintf("%.1f%% fewer", percent)
	}
}
