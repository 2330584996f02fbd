package test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// read is what a consumer with that view finds on a stream.
func read(t *testing.T, s *kinesistest.Server, stream string, view kinesistest.View) ([]kinesistest.UserRecord, kinesistest.Totals) {
	t.Helper()
	users, totals, err := view.UserRecords(s.Records(stream))
	require.NoError(t, err)
	return users, totals
}

// landingsOf are user records in the form that lots are checked in.
func landingsOf(users []kinesistest.UserRecord) (found []landing) {
	for _, u := range users {
		found = append(found, landing{string(u.Data), u.PartitionKey, u.In.Unanswered})
	}
	return found
}

// containerLines are records of so many containers, each of which has its id as
// container_id: 64 hexadecimal digits. One in three is of the first.
func containerLines(n, perChunk, containers int) *lot {
	ids := make([]string, containers)
	for i := range ids {
		sum := sha256.Sum256([]byte(decimal(i)))
		ids[i] = hex.EncodeToString(sum[:])
	}
	text := strings.Repeat("lines are of many lengths, and some are long; ", 12)
	return newLot(n, perChunk, func(i int) (time.Time, []flbhost.Field, landing) {
		id := ids[i%containers]
		if i%3 == 0 {
			id = ids[0]
		}
		line := text[:i*i%len(text)]
		want := fmt.Sprintf(`{"n":%d,"container_id":"%s","log":"%s"}`, i, id, line)
		return when, fields(F("n", i), F("container_id", id), F("log", line)), landing{data: want, key: id}
	})
}

// lines is a chunk of events, each of them a line under the key "log".
func lines(texts ...string) *flbhost.Chunk {
	var c flbhost.Chunk
	for _, text := range texts {
		c.Append(flbhost.EventTime(when), F("log", text))
	}
	return &c
}
