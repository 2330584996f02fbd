package msgjson

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/plugins/msgpack"
)

func TestValuesAreNotedUnderTheirNumbers(t *testing.T) {
	e := NewEncoder(Options{Numbered: 3, Pick: func(key []byte) Pick {
		switch string(key) {
		case "a":
			return Write | Numbered(0)
		case "b":
			return Numbered(1) | Numbered(2) | Note1
		}
		return Write
	}})
	noted := func(n int, record []byte) string {
		value, ok := e.NotedAs(n, record)
		text, isText := msgpack.Text(value)
		require.Equal(t, ok, isText)
		return string(text)
	}
	for range 3 { // as an unknown shape, and as a known one
		record := packed(kv("a", "1"), kv("b", "2"), kv("c", "3"), kv("a", "4"))
		text, _, err := e.AppendRecord(nil, record)
		require.NoError(t, err)
		require.Equal(t, `{"c":"3","a":"4"}`, string(text))
		require.Equal(t, []string{"4", "2", "2"}, []string{noted(0, record), noted(1, record), noted(2, record)})
		value, ok := e.Noted(Note1, record)
		require.True(t, ok)
		require.Equal(t, packed(kv("b", "2"))[3:], value)

		without := packed(kv("c", "3"))
		_, _, err = e.AppendRecord(nil, without)
		require.NoError(t, err)
		for n := range 3 {
			require.Empty(t, noted(n, without))
		}
	}
}
