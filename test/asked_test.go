package test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
)

// timeLayouts is the layout of the time package for each time_key_format that
// the tests of volume use.
var timeLayouts = map[string]string{
	"":                     "2006-01-02T15:04:05",
	"%Y-%m-%dT%H:%M:%S.%L": "2006-01-02T15:04:05.000",
}

// asked is what the record options ask of an event, found out in the plainest
// way: of the events here no key comes twice, and all text is UTF-8.
func asked(t *testing.T, o options, at time.Time, body []flbhost.Field) landing {
	t.Helper()
	if key := o["time_key"]; key != "" {
		layout, known := timeLayouts[o["time_key_format"]]
		require.True(t, known)
		body = append(body[:len(body):len(body)], F(key, at.UTC().Format(layout)))
	}
	want := landing{key: textAt(body, o["partition_key"])}
	if keys := o["data_keys"]; keys != "" {
		body = onlyKeys(body, strings.Split(keys+","+o["time_key"], ","))
	}
	want.data = jsonOf(t, body, o["replace_dots"])
	if key := o["log_key"]; key != "" {
		want.data = textAt(body, key)
	}
	if o["append_newline"] == "true" {
		want.data += "\n"
	}
	return want
}

// textAt is the text that a path a->b->c leads to.
func textAt(body []flbhost.Field, path string) string {
	name, rest, deeper := strings.Cut(path, "->")
	for _, f := range body {
		if f.Key != name {
			continue
		}
		if nested, isMap := f.Value.([]flbhost.Field); isMap && deeper {
			return textAt(nested, rest)
		}
		text, _ := f.Value.(string)
		return text
	}
	return ""
}

func onlyKeys(body []flbhost.Field, keys []string) (left []flbhost.Field) {
	for _, f := range body {
		for _, key := range keys {
			if f.Key == key {
				left = append(left, f)
			}
		}
	}
	return left
}

// jsonOf is the JSON of a value, by encoding/json but for the order of keys.
func jsonOf(t *testing.T, value any, dots string) string {
	t.Helper()
	switch v := value.(type) {
	case []flbhost.Field:
		var members []string
		for _, f := range v {
			key := f.Key.(string)
			if dots != "" {
				key = strings.ReplaceAll(key, ".", dots)
			}
			members = append(members, jsonOf(t, key, "")+":"+jsonOf(t, f.Value, dots))
		}
		return "{" + strings.Join(members, ",") + "}"
	case []any:
		var elements []string
		for _, element := range v {
			elements = append(elements, jsonOf(t, element, dots))
		}
		return "[" + strings.Join(elements, ",") + "]"
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	require.NoError(t, encoder.Encode(value))
	return strings.TrimSuffix(b.String(), "\n")
}
