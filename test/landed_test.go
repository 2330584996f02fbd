package test

import (
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
)

// randomKey is how the partition key of a record without one looks.
var randomKey = regexp.MustCompile(`^[A-Za-z0-9]{8}$`)

func decimal(n int) string { return strconv.Itoa(n) }

// datas is the data of records, in their order.
func datas(records []kinesistest.Record) (texts []string) {
	for _, r := range records {
		texts = append(texts, string(r.Data))
	}
	return texts
}

// partitionKeys is the partition keys of records, in their order.
func partitionKeys(records []kinesistest.Record) (keys []string) {
	for _, r := range records {
		keys = append(keys, r.PartitionKey)
	}
	return keys
}

// requireSame requires that two texts, which may be megabytes long, are the
// same, and shows where they are not.
func requireSame(t *testing.T, want, got string) {
	t.Helper()
	if want == got {
		return
	}
	at := 0
	for at < len(want) && at < len(got) && want[at] == got[at] {
		at++
	}
	require.FailNowf(t, "not the same", "want %d bytes, got %d; from byte %d on\nwant %s\ngot  %s",
		len(want), len(got), at, excerpt(want, at), excerpt(got, at))
}

// excerpt is a little of the text before and behind a place in it, quoted.
func excerpt(text string, at int) string {
	from, to := max(0, min(at, len(text))-20), min(len(text), at+60)
	quoted := strconv.Quote(text[from:to])
	if from > 0 {
		quoted = "..." + quoted
	}
	if to < len(text) {
		quoted += "..."
	}
	return quoted
}
