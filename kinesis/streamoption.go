package kinesis

import (
	"strings"

	"fluent-bit-kinesis/kinesis/record"
	"fluent-bit-kinesis/kinesis/wire"
	"fluent-bit-kinesis/plugins"
)

// The option stream is a name, an ARN, or a template of names.

func parseStream(text string) (string, error) {
	if strings.Contains(text, "$") {
		_, err := record.ParseTemplate(text)
		if err == nil {
			return text, nil
		}
		return asItIs(text, err.Error())
	}
	return parseStreamName(text)
}

func parseStreamName(text string) (string, error) {
	if record.IsStreamName([]byte(text)) {
		return text, nil
	}
	if wire.IsARN(text) {
		if err := checkStreamARN(text); err != nil {
			return asItIs(text, err.Error())
		}
		return text, nil
	}
	return asItIs(text, "must be 1 to 128 of the characters a-z, A-Z, 0-9, _ . -, or the stream's ARN")
}

// checkStreams reads the template in stream, if it is one.
func (c *Config) checkStreams(o *plugins.Options) {
	if strings.Contains(c.Stream, "$") {
		if t, err := record.ParseTemplate(c.Stream); err == nil {
			c.Record.Stream = t
			return
		}
	}
	for _, name := range []string{"stream_default", "streams_maximum"} {
		if o.IsSet(name) {
			o.Warn("%s has no effect where stream has no words such as $TAG or $kubernetes['namespace_name']", name)
		}
	}
}
