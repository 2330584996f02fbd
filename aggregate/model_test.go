package aggregate

import (
	"crypto/md5"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"fluent-bit-kinesis/aggregate/aggregatepb"
)

// userRecord is a record as the tests hand it to the Writer.
type userRecord struct {
	key  string
	data []byte
}

// modelOf makes the message for these records in the plainest way there is: the
// generated types, maps and math/big.
func modelOf(records []userRecord) *aggregatepb.AggregatedRecord {
	message := &aggregatepb.AggregatedRecord{}
	positions := map[string]uint64{}
	for _, r := range records {
		position, ok := positions[r.key]
		if !ok {
			position = uint64(len(positions))
			positions[r.key] = position
			message.PartitionKeyTable = append(message.PartitionKeyTable, r.key)
		}
		record := &aggregatepb.Record{PartitionKeyIndex: proto.Uint64(position), Data: r.data}
		if record.Data == nil {
			record.Data = []byte{}
		}
		if r.key != records[0].key {
			record.ExplicitHashKeyIndex = proto.Uint64(0)
			message.ExplicitHashKeyTable = []string{md5Of(records[0].key).String()}
		}
		message.Records = append(message.Records, record)
	}
	return message
}

// marshalModel is the aggregate that the generated code makes of these records.
func marshalModel(t testing.TB, records []userRecord) []byte {
	message, err := proto.MarshalOptions{Deterministic: true}.Marshal(modelOf(records))
	require.NoError(t, err)
	return seal(message)
}

// seal makes an aggregate of any bytes in the place of the protobuf.
func seal(message []byte) []byte {
	sum := md5.Sum(message)
	return append(append([]byte{0xF3, 0x89, 0x9A, 0xC2}, message...), sum[:]...)
}

// md5Of is the hash of a partition key as the KCL computes it.
func md5Of(key string) *big.Int {
	sum := md5.Sum([]byte(key))
	return new(big.Int).SetBytes(sum[:])
}

// newRand returns the same numbers in each run of a test.
func newRand() *rand.Rand { return rand.New(rand.NewPCG(3, 5)) }

// randomRecords returns n records of up to maxData bytes under up to distinct
// keys of 1 to 256 characters, some of them of two to four bytes.
func randomRecords(rng *rand.Rand, n, distinct, maxData int) []userRecord {
	keys := make([]string, distinct)
	for i := range keys {
		character := []string{"k", "é", "語", "🜁"}[rng.IntN(4)]
		text := fmt.Sprint(i)
		keys[i] = text + strings.Repeat(character, rng.IntN(257-len(text)))
	}
	records := make([]userRecord, n)
	for i := range records {
		data := make([]byte, rng.IntN(maxData+1))
		for j := range data {
			data[j] = byte(rng.Uint32())
		}
		records[i] = userRecord{keys[rng.IntN(distinct)], data}
	}
	return records
}

// addAll adds the records, and checks that each one's size was foretold.
func addAll(t testing.TB, w *Writer, records []userRecord) {
	for i, r := range records {
		foretold := w.SizeWith([]byte(r.key), len(r.data))
		w.Add([]byte(r.key), r.data)
		if w.Len() != foretold {
			require.Equal(t, foretold, w.Len(), "record %d: %d bytes under a key of %d", i, len(r.data), len(r.key))
		}
	}
	require.Equal(t, len(records), w.Count())
}
