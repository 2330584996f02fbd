package ledger

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// readAll reads records that must be whole.
func readAll(t *testing.T, file []byte) (records []record) {
	t.Helper()
	in := bufio.NewReader(bytes.NewReader(file))
	for in.Buffered() > 0 || len(records) == 0 {
		content, err := readRecord(in, nil)
		require.NoError(t, err)
		require.LessOrEqual(t, len(content), mostRecord)
		r, ok := parse(content)
		require.True(t, ok)
		records = append(records, r)
		if _, err := in.Peek(1); err != nil {
			break
		}
	}
	return records
}

func TestRecordsComeBackAsTheyWereWritten(t *testing.T) {
	at := time.Unix(1_790_000_000, 0)
	for _, ordinals := range [][]uint32{{0}, {5}, {0, 1, 2, 3}, {7, 9, 11, 12, 13, 400}, {mostOrdinal - 1}, {499, 498, 3, 2}} {
		e := &Entry{id: ID{Hi: 1 << 63, Lo: 7}, number: 300, at: at, done: setOf(ordinals...)}
		var file []byte
		file = appendEntry(file, e)
		file = appendLanded(file, e, appendRuns(nil, ordinals))
		file = appendEnded(file, e)
		records := readAll(t, file)
		require.Len(t, records, 3)
		for i, r := range records {
			require.EqualValues(t, i+1, r.kind)
			require.EqualValues(t, 300, r.number)
			if r.kind == ended {
				continue
			}
			require.True(t, at.Equal(r.at))
			var s Set
			require.True(t, r.add(&s))
			require.Equal(t, ordinalsOf(e.done), ordinalsOf(s))
		}
		require.Equal(t, e.id, records[0].id)
	}
}

func TestRecordsOfWholeRequestsAreSmall(t *testing.T) {
	e := &Entry{number: 1 << 20, at: time.Unix(1_790_000_000, 0)}
	var request []uint32
	for i := range uint32(500) {
		request = append(request, 3500+i)
	}
	require.LessOrEqual(t, len(appendLanded(nil, e, appendRuns(nil, request))), 24)
	require.LessOrEqual(t, len(appendEnded(nil, e)), 12)
}

func TestALongRecordGoesOnInOthers(t *testing.T) {
	e := &Entry{id: ID{Lo: 5}, number: 9}
	for i := uint32(0); i < 500_000; i += 2 {
		e.done.addRun(run{i, i})
	}
	records := readAll(t, appendEntry(nil, e))
	require.Greater(t, len(records), 10)
	var s Set
	for i, r := range records {
		require.EqualValues(t, 9, r.number)
		require.Equal(t, i == 0, r.kind == begun)
		require.True(t, r.add(&s))
	}
	require.Equal(t, ordinalsOf(e.done), ordinalsOf(s))
}

func TestEventsBeyondAllChunksAreNotWritten(t *testing.T) {
	e := &Entry{number: 1}
	records := readAll(t, appendLanded(nil, e, []run{{1, 1}, {mostOrdinal + 1, mostOrdinal + 1}, {1<<32 - 1, 1<<32 - 1}}))
	var s Set
	require.True(t, records[0].add(&s))
	require.Equal(t, []uint32{1}, ordinalsOf(s))
}

func TestWhatIsNoRecordIsNotReadAsOne(t *testing.T) {
	for name, content := range map[string]string{
		"nothing":                         "",
		"a kind that is not known":        "\x04\x01\x01",
		"no number":                       "\x01",
		"a number without an end":         "\x01\x80\x80",
		"an ID cut off":                   "\x01\x01aaaaaaaaaaaaaaa",
		"no time":                         "\x02\x01",
		"half a run":                      "\x02\x01\x01\x05",
		"a run without an end":            "\x02\x01\x01\x05\x80",
		"a run beyond all events":         "\x02\x01\x01\x00\xff\xff\xff\xff\x0f",
		"a gap beyond all events":         "\x02\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00",
		"runs that add up to more":        "\x02\x01\x01\xff\xff\xff\x02\x00\xff\xff\xff\x02\x00",
		"something behind an entry's end": "\x03\x01\x00",
	} {
		_, ok := parse([]byte(content))
		require.False(t, ok, name)
	}
}

// FuzzReplay: whatever stands in a file, reading it ends, keeps the bounds, and
// what was read good is read the same again.
func FuzzReplay(f *testing.F) {
	random := rand.New(rand.NewPCG(3, 3))
	for range 20 {
		file := someRecords(random)
		f.Add(file)
		f.Add(file[:random.IntN(len(file)+1)])
		file[random.IntN(len(file))] ^= 1 << random.IntN(8)
		f.Add(file)
	}
	f.Fuzz(requireBoundsAndTheSameAgain)
}

// FuzzRecords is FuzzReplay for what no checksum keeps out: each record is one
// whole, behind two bytes with its length.
func FuzzRecords(f *testing.F) {
	random := rand.New(rand.NewPCG(4, 4))
	for range 20 {
		var contents []byte
		for in := bufio.NewReader(bytes.NewReader(someRecords(random))); ; {
			content, err := readRecord(in, nil)
			if err != nil {
				break
			}
			contents = append(binary.BigEndian.AppendUint16(contents, uint16(len(content))), content...)
		}
		f.Add(contents)
	}
	f.Fuzz(func(t *testing.T, contents []byte) {
		var file []byte
		for len(contents) > 2 {
			length := min(len(contents)-2, int(binary.BigEndian.Uint16(contents)))
			start := len(file)
			file = append(append(file, make([]byte, frame)...), contents[2:2+length]...)
			file = seal(file, start)
			contents = contents[2+length:]
		}
		requireBoundsAndTheSameAgain(t, file)
	})
}

func requireBoundsAndTheSameAgain(t *testing.T, file []byte) {
	now := time.Unix(1_790_000_000, 0)
	l := replayed(t, file, now)
	good, err := l.replay(bytes.NewReader(nil), now)
	require.NoError(t, err)
	require.Zero(t, good)
	require.LessOrEqual(t, l.oldest.Len(), MaxEntries)
	if l.oldest.Len() > 1 {
		require.LessOrEqual(t, l.bytes, MaxBytes)
	}
	var again []byte
	for _, e := range l.open(now) {
		again = appendEntry(again, e)
	}
	second := replayed(t, again, now)
	require.Equal(t, len(l.noted), len(second.noted))
	known := map[uint64]*Entry{}
	for e := range second.noted {
		known[e.number] = e
	}
	for e := range l.noted { // whose events may be millions: they are not to be listed
		require.Contains(t, known, e.number)
		require.Equal(t, e.id, known[e.number].id)
		require.Equal(t, e.done.runs(), known[e.number].done.runs())
	}
	require.Equal(t, l.Waiting(), len(l.noted))
	require.Equal(t, l.Waiting(), second.Waiting())
}

// replayed is a ledger that has read records, without a file.
func replayed(t *testing.T, file []byte, now time.Time) *Ledger {
	t.Helper()
	l, _ := inMemory()
	l.journal, l.noted = &journal{}, map[*Entry]struct{}{}
	good, err := l.replay(bytes.NewReader(file), now)
	require.NoError(t, err)
	require.LessOrEqual(t, good, int64(len(file)))
	return l
}

// someRecords is a few records as they may stand in a file.
func someRecords(random *rand.Rand) (file []byte) {
	at := time.Unix(1_789_999_000, 0)
	for number := range uint64(1 + random.IntN(5)) {
		e := &Entry{id: ID{Lo: random.Uint64N(3)}, number: number, at: at}
		e.done.addRun(run{random.Uint32N(100), 100 + random.Uint32N(100)})
		file = appendEntry(file, e)
		if random.IntN(2) == 0 {
			file = appendLanded(file, e, setOf(random.Uint32N(1000), random.Uint32N(1000)).runs())
		}
		if random.IntN(3) == 0 {
			file = appendEnded(file, e)
		}
	}
	return file
}

// An opened is what a journal knows of an entry.
type opened struct {
	id   ID
	done []uint32
}

// contents is the entries that wait, by their numbers.
func contents(l *Ledger) map[uint64]opened {
	found := map[uint64]opened{}
	for at := l.oldest.Front(); at != nil; at = at.Next() {
		e := at.Value.(*Entry)
		found[e.number] = opened{e.id, ordinalsOf(e.done)}
	}
	return found
}
