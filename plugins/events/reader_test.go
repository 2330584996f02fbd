package events

import (
	"bytes"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/plugins/msgjson"
)

func ExampleReader() {
	var c flbhost.Chunk
	c.Append(flbhost.EventTime(when), kv("log", "GET /"), kv("status", 200))
	c.Append(flbhost.WithMetadata(when.Add(time.Second)), kv("log", "GET /tea"), kv("status", 404))

	encoder := msgjson.NewEncoder(msgjson.Options{})
	event := NewReader(c.Bytes())
	for event.Next() {
		text, n, err := encoder.AppendRecord(nil, event.Body())
		if err != nil {
			event.Malformed(err)
			break
		}
		fmt.Printf("%d %s %s\n", event.Ordinal(), event.Time().UTC().Format(time.TimeOnly), text)
		event.Advance(n)
	}
	fmt.Println(event.Err())
	// Output:
	// 0 09:26:53 {"log":"GET /","status":200}
	// 1 09:26:54 {"log":"GET /tea","status":404}
	// <nil>
}

// raw is a header of these bytes.
func raw(msgpack ...byte) flbhost.Header { return flbhost.RawHeader(msgpack) }

func TestTheTimeIsReadFromEveryFormOfHeader(t *testing.T) {
	year := func(y int) int64 { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC).Unix() }
	for _, x := range []struct {
		name   string
		header flbhost.Header
		want   time.Time
	}{
		{"an event time", flbhost.EventTime(when), when},
		{"an event time with metadata", flbhost.WithMetadata(when, kv("a", list{fields{kv("b", 1)}})), when},
		{"an event time with empty metadata", flbhost.WithMetadata(when), when},
		{"metadata that is not a map", raw(0x92, 0x05, 0xc0), time.Unix(5, 0)},
		{"metadata of any depth", raw(append([]byte{0x92, 0x05}, nested(10_000)...)...), time.Unix(5, 0)},
		{"a header array with a long header", raw(0xdd, 0, 0, 0, 2, 0x05, 0x80), time.Unix(5, 0)},
		{"an event time as an ext of 8 bits of length", raw(0xc7, 8, 0, 0, 0, 0, 2, 0, 0, 0, 3), time.Unix(2, 3)},
		{"an event time as an ext of 16 bits of length", raw(0xc8, 0, 8, 0, 0, 0, 0, 2, 0, 0, 0, 3), time.Unix(2, 3)},
		{"an event time as an ext of 32 bits of length", raw(0xc9, 0, 0, 0, 8, 0, 0, 0, 0, 2, 0, 0, 0, 3), time.Unix(2, 3)},
		{"an event time past 2038", flbhost.EventTime(time.Unix(1<<31, 999_999_999)), time.Unix(1<<31, 999_999_999)},
		{"more nanoseconds than a second has", raw(0xd7, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff), time.Unix(5, 294_967_295)},
		{"a fixint", raw(0x7f), time.Unix(127, 0)},
		{"a negative fixint", raw(0xfd), time.Unix(-3, 0)},
		{"a uint of 8 bits", raw(0xcc, 0xff), time.Unix(255, 0)},
		{"a uint of 32 bits", raw(0xce, 0xff, 0xff, 0xff, 0xf0), time.Unix(math.MaxUint32-15, 0)},
		{"a uint of 64 bits", raw(0xcf, 0, 0, 0, 0, 0x69, 0xb5, 0x29, 0xdd), when.Truncate(time.Second)},
		{"an int of 64 bits", raw(0xd3, 0, 0, 0, 0, 0x69, 0xb5, 0x29, 0xdd), when.Truncate(time.Second)},
		{"an int before 1970", flbhost.IntTime(-1000), time.Unix(-1000, 0)},
		{"a float", flbhost.FloatTime(1.5), time.Unix(1, 5e8)},
		{"a float of 32 bits", raw(0xca, 0x44, 0x80, 0x10, 0), time.Unix(1024, 5e8)},
		{"a float before 1970", flbhost.FloatTime(-1000.25), time.Unix(-1001, 75e7)},
		{"a float just before 1970", flbhost.FloatTime(-0.5), time.Unix(-1, 5e8)},
		{"the last second of the year 9999", flbhost.IntTime(year(10000) - 1), time.Unix(year(10000)-1, 0)},
		{"a second after the year 9999", flbhost.IntTime(year(10000)), time.Unix(0, 0)},
		{"a second before the year 1", flbhost.IntTime(year(1) - 1), time.Unix(0, 0)},
		{"the largest int", flbhost.IntTime(math.MaxInt64 - 2), time.Unix(0, 0)},
		{"the smallest int", flbhost.IntTime(math.MinInt64), time.Unix(0, 0)},
		{"a float beyond all ints", flbhost.FloatTime(1e300), time.Unix(0, 0)},
		{"a float that is not a number", flbhost.FloatTime(math.NaN()), time.Unix(0, 0)},
		{"a float that is infinite", flbhost.FloatTime(math.Inf(-1)), time.Unix(0, 0)},
	} {
		t.Run(x.name, func(t *testing.T) {
			var c flbhost.Chunk
			c.Append(x.header, kv("n", 1))
			event := NewReader(c.Bytes())
			require.True(t, event.Next(), "%v", event.Err())
			require.Equal(t, x.want.UTC(), event.Time().UTC())
			require.Equal(t, packed(kv("n", 1)), event.Body())
			require.False(t, event.Next())
			require.NoError(t, event.Err())
		})
	}
}

func TestGroupMarkersAreNoRecords(t *testing.T) {
	for _, x := range []struct {
		name        string
		open, close flbhost.Header
	}{
		{"as Fluent Bit writes them", flbhost.GroupOpen(kv("resource", "web")), flbhost.GroupClose()},
		{"as an event time alone", flbhost.EventTime(time.Unix(-1, 0)), flbhost.EventTime(time.Unix(-2, 0))},
		{"as an ext of 8 bits of length", raw(0xc7, 8, 0, 255, 255, 255, 255, 0, 0, 0, 0), raw(0xc7, 8, 0, 255, 255, 255, 254, 0, 0, 0, 1)},
		{"as fixints", flbhost.IntTime(-1), flbhost.IntTime(-2)},
		{"as ints of 64 bits", raw(0xd3, 255, 255, 255, 255, 255, 255, 255, 255), raw(0xd3, 255, 255, 255, 255, 255, 255, 255, 254)},
		{"as uints of 32 bits", raw(0xce, 255, 255, 255, 255), raw(0xce, 255, 255, 255, 254)},
		{"as uints of 64 bits", raw(0xcf, 255, 255, 255, 255, 255, 255, 255, 255), raw(0xcf, 0, 0, 0, 1, 255, 255, 255, 254)},
		{"as floats", flbhost.FloatTime(-1), flbhost.FloatTime(-2.5)},
		{"as ints with metadata", raw(0x92, 0xff, 0x80), raw(0x92, 0xfe, 0x81, 0xc0, 0xc0)},
	} {
		t.Run(x.name, func(t *testing.T) {
			var c flbhost.Chunk
			c.Append(x.open, kv("resource", fields{kv("service.name", "web")}))
			for n := range 2 {
				c.Append(flbhost.WithMetadata(when), kv("n", n))
			}
			c.Append(x.close)
			c.Append(x.open)
			c.Append(flbhost.EventTime(when), kv("n", 2))
			c.Append(x.close)
			event := NewReader(c.Bytes())
			for n := range 3 {
				require.True(t, event.Next(), "%v", event.Err())
				require.Equal(t, n, event.Ordinal())
				require.True(t, bytes.HasPrefix(event.Body(), packed(kv("n", n))))
				if n%2 == 0 {
					event.Advance(len(packed(kv("n", n))))
				}
			}
			require.False(t, event.Next())
			require.NoError(t, event.Err())
		})
	}
}

func TestChunksThatEndAreRead(t *testing.T) {
	var markers flbhost.Chunk
	markers.Append(flbhost.GroupOpen())
	markers.Append(flbhost.GroupClose())
	for name, chunk := range map[string][]byte{
		"an empty chunk": {}, "no chunk at all": nil, "group markers alone": markers.Bytes(),
	} {
		t.Run(name, func(t *testing.T) {
			event := NewReader(chunk)
			require.False(t, event.Next())
			require.False(t, event.Next(), "once more")
			require.NoError(t, event.Err())
		})
	}
}

func TestBytesThatAreNoEventEndTheWalk(t *testing.T) {
	for _, x := range []struct {
		name   string
		bytes  []byte
		reason string
	}{
		{"the byte that msgpack never uses", []byte{0xc1}, "event is not an array"},
		{"a map", []byte{0x80}, "event is not an array"},
		{"text", []byte("hello"), "event is not an array"},
		{"zeros", make([]byte, 16), "event is not an array"},
		{"an array of one", []byte{0x91, 0x01}, "event is an array of 1, not of header and body"},
		{"an array of three", []byte{0x93, 0x01, 0x80, 0x80}, "event is an array of 3, not of header and body"},
		{"an array that promises more than there is", []byte{0xdd, 0xff, 0xff, 0xff, 0xff, 0x01}, "cut off"},
		{"an array without its length", []byte{0xdc, 0x00}, "event is not an array"},
		{"a header without a body", []byte{0x92, 0x01}, "cut off"},
		{"nothing in the array", []byte{0x92}, "cut off"},
		{"an empty header array", []byte{0x92, 0x90, 0x80}, "event header is an array of 0, not of time and metadata"},
		{"a header array of one", []byte{0x92, 0x91, 0x01, 0x80}, "event header is an array of 1, not of time and metadata"},
		{"a header array of three", []byte{0x92, 0x93, 0x01, 0x80, 0x80, 0x80}, "event header is an array of 3, not of time and metadata"},
		{"a header array in a header array", []byte{0x92, 0x92, 0x92, 0x01, 0x80, 0x80, 0x80}, "msgpack type array, not a time"},
		{"a header array that is cut off", []byte{0x92, 0x92}, "cut off"},
		{"metadata that is cut off", []byte{0x92, 0x92, 0x01, 0x81, 0xa1}, "cut off"},
		{"metadata that does not decode", []byte{0x92, 0x92, 0x01, 0xc1, 0x80}, "0xc1"},
		{"a header that is a string", []byte{0x92, 0xa1, '1', 0x80}, "event header is of msgpack type str, not a time"},
		{"a header that is nil", []byte{0x92, 0xc0, 0x80}, "event header is of msgpack type nil, not a time"},
		{"a header that is a map", []byte{0x92, 0x80, 0x80}, "event header is of msgpack type map, not a time"},
		{"a header of another ext type", []byte{0x92, 0xd7, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x80}, "ext type 1 of 8 bytes"},
		{"a header of msgpack's own timestamp type", []byte{0x92, 0xd6, 0xff, 0, 0, 0, 0, 0x80}, "ext type -1 of 4 bytes"},
		{"an event time of another length", []byte{0x92, 0xd6, 0, 0, 0, 0, 0, 0x80}, "ext type 0 of 4 bytes"},
		{"an event time that is cut off", []byte{0x92, 0xd7, 0, 0, 0, 0}, "cut off"},
		{"an ext that promises 4 GiB", []byte{0x92, 0xc9, 0xff, 0xff, 0xff, 0xff, 0}, "cut off"},
		{"an int that is cut off", []byte{0x92, 0xd3, 0, 0}, "too few bytes"},
		{"a float that is cut off", []byte{0x92, 0xcb, 0, 0}, "too few bytes"},
		{"a body that is an array", []byte{0x92, 0x01, 0x90}, "event body is of msgpack type array, not a map"},
		{"a body that is nil", []byte{0x92, 0x01, 0xc0}, "event body is of msgpack type nil, not a map"},
		{"a body that is a string", []byte{0x92, 0x01, 0xa0}, "event body is of msgpack type str, not a map"},
		{"a group marker whose body is not a map", []byte{0x92, 0xff, 0xc0}, "event body is of msgpack type nil, not a map"},
		{"a group marker whose body is cut off", []byte{0x92, 0xff, 0x81, 0xa1, 'a'}, "cut off"},
	} {
		t.Run(x.name, func(t *testing.T) {
			var c flbhost.Chunk
			c.Append(flbhost.EventTime(when), kv("n", 0))
			c.Append(flbhost.WithMetadata(when), kv("n", 1))
			good := c.Size()
			c.AppendRaw(x.bytes)
			event := NewReader(c.Bytes())
			require.True(t, event.Next())
			require.True(t, event.Next())
			require.False(t, event.Next())
			require.False(t, event.Next(), "once more")
			require.Equal(t, 1, event.Ordinal(), "what came before is read")

			var malformed *MalformedError
			require.ErrorAs(t, event.Err(), &malformed)
			require.Equal(t, good, malformed.Offset)
			require.Equal(t, c.Size(), malformed.Size)
			require.ErrorContains(t, malformed.Reason, x.reason)
			require.ErrorIs(t, event.Err(), malformed.Reason)
			require.ErrorContains(t, malformed, fmt.Sprintf("chunk cannot be read from byte %d of %d on: ", good, c.Size()))
		})
	}
}

func TestBodiesThatDoNotDecodeEndTheWalkAtTheirEvent(t *testing.T) {
	for name, value := range map[string]flbhost.Raw{
		"the byte that msgpack never uses":        {0xc1},
		"a string that is cut off":                {0xa5, 'a'},
		"a str8 that is cut off":                  {0xd9},
		"a str32 that promises 4 GiB":             {0xdb, 0xff, 0xff, 0xff, 0xff},
		"a bin32 that promises 4 GiB":             {0xc6, 0xff, 0xff, 0xff, 0xff},
		"an array32 that promises 4 Gi elements":  {0xdd, 0xff, 0xff, 0xff, 0xff},
		"a map32 that promises 4 Gi members":      {0xdf, 0xff, 0xff, 0xff, 0xff},
		"arrays that promise more than they have": {0x94, 0x94, 0x01},
		"an ext without its type":                 {0xd4},
		"an ext32 that promises 4 GiB":            {0xc9, 0xff, 0xff, 0xff, 0xff, 0},
		"an int that is cut off":                  {0xcd, 0},
		"a float that is cut off":                 {0xca, 0, 0},
		"nothing":                                 {},
	} {
		t.Run(name, func(t *testing.T) {
			var c flbhost.Chunk
			c.Append(flbhost.EventTime(when), kv("n", 0))
			good := c.Size()
			c.Append(flbhost.EventTime(when), kv("n", value))
			for _, read := range []func(*Reader) bool{skipped, encodedWith(msgjson.NewEncoder(msgjson.Options{})), encodedWith(leavingOut("n"))} {
				event := NewReader(c.Bytes())
				require.True(t, event.Next())
				require.True(t, read(&event))
				require.True(t, event.Next())
				require.Equal(t, 1, event.Ordinal())
				require.False(t, read(&event) && event.Next())
				var malformed *MalformedError
				require.ErrorAs(t, event.Err(), &malformed)
				require.Equal(t, good, malformed.Offset)
			}
		})
	}
}

// skipped leaves it to the walk to find the end of the event at hand.
func skipped(*Reader) bool { return true }

// encodedWith finds the end of the event at hand by encoding it.
func encodedWith(e *msgjson.Encoder) func(*Reader) bool {
	return func(event *Reader) bool {
		_, n, err := e.AppendRecord(nil, event.Body())
		if err != nil && err != msgjson.ErrTooDeep {
			return event.Malformed(err)
		}
		event.Advance(n)
		return true
	}
}

// leavingOut is an encoder that does not write the members of this key.
func leavingOut(left string) *msgjson.Encoder {
	return msgjson.NewEncoder(msgjson.Options{Pick: func(key []byte) msgjson.Pick {
		if string(key) == left {
			return 0
		}
		return msgjson.Write
	}})
}

func TestAChunkThatIsCutAnywhereIsReadUpToTheCut(t *testing.T) {
	var c flbhost.Chunk
	starts := []int{0}
	for n := range 4 {
		header := flbhost.WithMetadata(when, kv("m", n))
		if n%2 == 1 {
			header = flbhost.WithMetadata(when)
		}
		c.Append(header, kv("n", n), kv("l", list{1.5, "two", []byte{3}, fields{kv("a", flbhost.Ext{Type: 4, Data: make([]byte, 300)})}}))
		starts = append(starts, c.Size())
	}
	for cut := range c.Size() {
		for _, read := range []func(*Reader) bool{skipped, encodedWith(msgjson.NewEncoder(msgjson.Options{}))} {
			event := NewReader(c.Bytes()[:cut])
			met := 0
			for event.Next() {
				met++
				if !read(&event) {
					break
				}
			}
			whole := 0
			for starts[whole+1] <= cut {
				whole++
			}
			require.GreaterOrEqual(t, met, whole, "cut at %d", cut)
			if cut == starts[whole] {
				require.NoError(t, event.Err(), "cut at %d", cut)
				continue
			}
			var malformed *MalformedError
			require.ErrorAs(t, event.Err(), &malformed, "cut at %d", cut)
			require.Equal(t, starts[whole], malformed.Offset, "cut at %d", cut)
		}
	}
}

func TestARecordNestedTooDeepCostsItselfAlone(t *testing.T) {
	var c flbhost.Chunk
	c.Append(flbhost.EventTime(when), kv("n", 0))
	c.Append(flbhost.EventTime(when), kv("n", nested(128)))
	c.Append(flbhost.EventTime(when), kv("n", nested(1_000_000)))
	c.Append(flbhost.EventTime(when), kv("n", 3))
	for _, e := range []*msgjson.Encoder{msgjson.NewEncoder(msgjson.Options{}), leavingOut("n")} {
		var dropped []int
		event := NewReader(c.Bytes())
		for event.Next() {
			_, n, err := e.AppendRecord(nil, event.Body())
			if err != nil {
				require.ErrorIs(t, err, msgjson.ErrTooDeep)
				dropped = append(dropped, event.Ordinal())
			}
			event.Advance(n)
		}
		require.NoError(t, event.Err())
		require.Equal(t, []int{1, 2}, dropped)
	}
}
