package aggregate

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"fluent-bit-kinesis/aggregate/aggregatepb"
)

func TestSplitReadsWhatTheGeneratedMarshallerMakes(t *testing.T) {
	message, err := proto.Marshal(&aggregatepb.AggregatedRecord{
		PartitionKeyTable:    []string{"a", "b", "unused"},
		ExplicitHashKeyTable: []string{"0", "340282366920938463463374607431768211455"},
		Records: []*aggregatepb.Record{
			{PartitionKeyIndex: proto.Uint64(1), Data: []byte("first")},
			{PartitionKeyIndex: proto.Uint64(0), ExplicitHashKeyIndex: proto.Uint64(1), Data: []byte{}},
			{PartitionKeyIndex: proto.Uint64(1), ExplicitHashKeyIndex: proto.Uint64(0), Data: []byte("last"),
				Tags: []*aggregatepb.Tag{{Key: proto.String("k"), Value: proto.String("v")}, {Key: proto.String("")}}},
		},
	})
	require.NoError(t, err)

	records, ok, err := Split(seal(message))
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, []Record{
		{PartitionKey: "b", Data: []byte("first")},
		{PartitionKey: "a", ExplicitHashKey: "340282366920938463463374607431768211455", Data: []byte{}},
		{PartitionKey: "b", ExplicitHashKey: "0", Data: []byte("last")},
	}, records)
}

func TestSplitReadsWhatTheWriterMakes(t *testing.T) {
	rng := newRand()
	var w Writer
	var got []Record
	for range 30 {
		records := randomRecords(rng, 1+rng.IntN(300), 1+rng.IntN(50), 500)
		addAll(t, &w, records)

		var ok bool
		var err error
		got, ok, err = AppendSplit(got[:0], w.Close())
		require.NoError(t, err)
		require.True(t, ok)
		require.Len(t, got, len(records))
		for i, r := range records {
			require.Equal(t, r.key, got[i].PartitionKey)
			require.True(t, bytes.Equal(r.data, got[i].Data))
			require.Equal(t, r.key != records[0].key, got[i].ExplicitHashKey != "")

			hash, err := got[i].HashKey()
			require.NoError(t, err)
			require.Equal(t, md5Of(records[0].key), bigOf(hash), "all records hash as the aggregate does")
		}
		w.Reset()
	}
}

func TestDataIsAView(t *testing.T) {
	var w Writer
	w.Add([]byte("a"), []byte("data"))
	aggregate := bytes.Clone(w.Close())
	records, _, err := Split(aggregate)
	require.NoError(t, err)

	_ = append(records[0].Data, "does not reach the aggregate"...)
	require.Equal(t, w.Close(), aggregate)
	aggregate[bytes.Index(aggregate, []byte("data"))] = 'D'
	require.Equal(t, "Data", string(records[0].Data))
}

func TestAppendSplitKeepsWhatIsThere(t *testing.T) {
	before := []Record{{PartitionKey: "before"}}
	sound := seal([]byte("\x0a\x01k\x1a\x05\x08\x00\x1a\x01x"))
	broken := seal([]byte("\x0a\x01k\x1a\x05\x08\x00\x1a\x01x\x1a\x05\x08\x09\x1a\x01x"))

	records, ok, err := AppendSplit(before, sound)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, []Record{before[0], {PartitionKey: "k", Data: []byte("x")}}, records)

	records, ok, err = AppendSplit(before, broken)
	require.ErrorIs(t, err, ErrNotReadable)
	require.False(t, ok)
	require.Equal(t, []Record{before[0], {Data: broken}}, records, "nothing of an aggregate that breaks off")
}

func TestWhatIsNoAggregateIsOneRecordAsItStands(t *testing.T) {
	tests := map[string]string{
		"nothing":                     "",
		"one byte":                    "x",
		"part of the magic number":    magic[:3],
		"text":                        `{"log":"a line"}`,
		"text longer than a checksum": strings.Repeat("text ", 20),
		"another magic number":        "\xf3\x89\x9a\xc1" + strings.Repeat("x", 40),
		"the magic number further on": "x" + string(seal([]byte("\x0a\x01k"))),
	}
	for name, data := range tests {
		t.Run(name, func(t *testing.T) {
			records, ok, err := Split([]byte(data))
			require.NoError(t, err)
			require.False(t, ok)
			require.Equal(t, []Record{{Data: []byte(data)}}, records)
		})
	}
}

func TestSplitNamesWhatIsWrong(t *testing.T) {
	const table = "\x0a\x01k"
	sealed := func(message string) []byte { return seal([]byte(message)) }
	changed := sealed(table + "\x1a\x05\x08\x00\x1a\x01x")
	changed[len(changed)/2] ^= 1

	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"the magic number alone", []byte(magic), "4 bytes: want more than 20"},
		{"no protobuf", sealed(""), "20 bytes: want more than 20"},
		{"a changed bit", changed, "the checksum is "},
		{"a cut aggregate", changed[:len(changed)-1], "the checksum is "},
		{"a tag alone", sealed("\x0a"), "a field runs past the end"},
		{"a length past the end", sealed("\x0a\x05k"), "a field runs past the end"},
		{"a length of 2^64-1", sealed("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "a field runs past the end"},
		{"a length over 64 bits", sealed("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), "a number takes more than 64 bits"},
		{"a tag that does not end", sealed("\xff\xff"), "a field runs past the end"},
		{"field number 0", sealed("\x02\x00"), "field number 0: want 1 to 536870911"},
		{"a field number over 29 bits", sealed("\x80\x80\x80\x80\x10\x00"), "field number 536870912"},
		{"a group", sealed("\x0b\x0c"), "wire type 3"},
		{"wire type 7", sealed("\x0f"), "wire type 7"},
		{"fixed64 past the end", sealed("\x21\x00"), "a field runs past the end"},
		{"fixed32 past the end", sealed("\x25\x00"), "a field runs past the end"},
		{"a record past the end", sealed(table + "\x1a\x05\x08\x00"), "a field runs past the end"},
		{"an empty record", sealed(table + "\x1a\x00"), "record 0: it must have a partition key index and data"},
		{"no data", sealed(table + "\x1a\x02\x08\x00"), "record 0: it must have"},
		{"no partition key", sealed(table + "\x1a\x03\x1a\x01x"), "record 0: it must have"},
		{"no table", sealed("\x1a\x05\x08\x00\x1a\x01x"), "record 0: partition key index 0: the table has 0"},
		{"an index outside the table", sealed(table + "\x1a\x05\x08\x00\x1a\x01x" + "\x1a\x05\x08\x01\x1a\x01x"),
			"record 1: partition key index 1: the table has 1"},
		{"an index of 2^64-1", sealed(table + "\x1a\x0e\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x1a\x01x"),
			"partition key index 18446744073709551615: the table has 1"},
		{"an explicit hash key outside the table", sealed(table + "\x1a\x07\x08\x00\x10\x00\x1a\x01x"),
			"record 0: explicit hash key index 0: the table has 0"},
		{"an explicit hash key that is empty", sealed(table + "\x12\x00\x1a\x07\x08\x00\x10\x00\x1a\x01x"),
			"record 0: the explicit hash key is empty"},
		{"a broken record", sealed(table + "\x1a\x05\x08\x00\x1a\x02x"), "record 0: a field runs past the end"},
		{"a tag without key", sealed(table + "\x1a\x07\x08\x00\x1a\x01x\x22\x00"), "record 0: a tag must have a key"},
		{"a broken tag", sealed(table + "\x1a\x08\x08\x00\x1a\x01x\x22\x01\x0a"), "record 0: a field runs past the end"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			records, ok, err := Split(test.data)
			require.ErrorIs(t, err, ErrNotReadable)
			require.ErrorContains(t, err, test.want)
			require.False(t, ok)
			require.Equal(t, []Record{{Data: test.data}}, records)
		})
	}
}

func TestSplitReadsWhatProtobufAllows(t *testing.T) {
	const table, record = "\x0a\x01k", "\x1a\x05\x08\x00\x1a\x01x"
	one := []Record{{PartitionKey: "k", Data: []byte("x")}}
	tests := []struct {
		name    string
		message string
		want    []Record
	}{
		{"tables after the records", record + table, one},
		{"a table and no record", table, nil},
		{"fields that are not known", "\x20\x07" + table + "\x21\x01\x02\x03\x04\x05\x06\x07\x08" + record + "\x25\x01\x02\x03\x04" + "\x2a\x01y", one},
		{"a known field of another type", "\x08\x07" + table + "\x1d\x01\x02\x03\x04" + record, one},
		{"fields of a record that are not known", table + "\x1a\x0a\x28\x07\x08\x00\x32\x01y\x1a\x01x", one},
		{"the last of repeated fields counts", table + "\x1a\x0a\x08\x09\x1a\x01y\x08\x00\x1a\x01x", one},
		{"numbers in more bytes than they need", "\x8a\x00\x81\x00k" + record, one},
		{"a table of keys that are empty", "\x0a\x00" + record, []Record{{Data: []byte("x")}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			records, ok, err := Split(seal([]byte(test.message)))
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, test.want, records)
			requireAgreement(t, seal([]byte(test.message)))
		})
	}
}

func TestSplitAllocatesInProportionToItsInput(t *testing.T) {
	const size = 256 << 10
	tests := map[string]string{
		"empty records":        "\x1a\x00",
		"the shortest records": "\x1a\x04\x08\x00\x1a\x00",
		"empty keys":           "\x0a\x00",
		"empty hash keys":      "\x12\x00",
		"short keys":           "\x0a\x01k",
		"unknown fields":       "\x20\x00",
	}
	for name, repeated := range tests {
		t.Run(name, func(t *testing.T) {
			data := seal([]byte("\x0a\x01k" + strings.Repeat(repeated, size/len(repeated))))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, _ = Split(data)
			runtime.ReadMemStats(&after)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64*size))
		})
	}
}

func TestRecordHashKeyRefusesAnExplicitHashKeyThatIsNoNumber(t *testing.T) {
	_, err := Record{PartitionKey: "k", ExplicitHashKey: "far right"}.HashKey()
	require.ErrorContains(t, err, `hash key "far right"`)
}

// FuzzSplit holds the reader against the generated unmarshaller, with the data as
// it comes and as the protobuf of an aggregate whose checksum is right.
func FuzzSplit(f *testing.F) {
	rng := newRand()
	for _, n := range []int{0, 1, 2, 20} {
		f.Add(marshalModel(f, randomRecords(rng, n, 3, 20)))
	}
	for _, message := range []string{
		"",
		"\x0a\x01k\x1a\x05\x08\x00\x1a\x01x",
		"\x1a\x07\x08\x00\x10\x00\x1a\x01x\x0a\x01k\x12\x0250",
		"\x0a\x01k\x1a\x0c\x08\x00\x1a\x01x\x22\x05\x0a\x01t\x12\x00",
		"\x0a\x01k\x0b\x0c\x1a\x05\x08\x00\x1a\x01x",
		"\x0a\x01k\x20\x07\x21\x01\x02\x03\x04\x05\x06\x07\x08\x25\x01\x02\x03\x04\x1a\x05\x08\x00\x1a\x01x",
	} {
		f.Add([]byte(message))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		requireAgreement(t, data)
		requireAgreement(t, seal(data))
	})
}

// requireAgreement checks that Split and the generated unmarshaller make the same
// of data.
func requireAgreement(t *testing.T, data []byte) {
	records, ok, err := Split(data)
	message, isMessage := kclMessage(data)
	if isMessage && !ok && hasGroups(message.ProtoReflect()) {
		require.ErrorContains(t, err, "wire type")
		return
	}

	readable := isMessage && indexesAreSound(message)
	require.Equal(t, readable, ok, "%v", err)
	require.Equal(t, !readable && bytes.HasPrefix(data, []byte(magic)), err != nil)
	if !readable {
		require.Equal(t, []Record{{Data: data}}, records)
		return
	}
	require.Len(t, records, len(message.Records))
	for i, want := range message.Records {
		require.Equal(t, message.PartitionKeyTable[want.GetPartitionKeyIndex()], records[i].PartitionKey)
		require.True(t, bytes.Equal(want.Data, records[i].Data))
		hashKey := ""
		if want.ExplicitHashKeyIndex != nil {
			hashKey = message.ExplicitHashKeyTable[want.GetExplicitHashKeyIndex()]
		}
		require.Equal(t, hashKey, records[i].ExplicitHashKey)
	}
}

func indexesAreSound(message *aggregatepb.AggregatedRecord) bool {
	for _, r := range message.Records {
		if r.GetPartitionKeyIndex() >= uint64(len(message.PartitionKeyTable)) {
			return false
		}
		if r.ExplicitHashKeyIndex == nil {
			continue
		}
		i := r.GetExplicitHashKeyIndex()
		if i >= uint64(len(message.ExplicitHashKeyTable)) || message.ExplicitHashKeyTable[i] == "" {
			return false
		}
	}
	return true
}

// hasGroups tells whether a message or one within has groups among the fields
// that are not known: the reader refuses these.
func hasGroups(message protoreflect.Message) bool {
	for unknown := message.GetUnknown(); len(unknown) > 0; {
		_, wire, n := protowire.ConsumeField(unknown)
		if n < 0 || wire == protowire.StartGroupType {
			return true
		}
		unknown = unknown[n:]
	}
	found := false
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		if field.Message() != nil {
			for i := range value.List().Len() {
				found = found || hasGroups(value.List().Get(i).Message())
			}
		}
		return !found
	})
	return found
}
