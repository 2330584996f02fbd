package test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// The endpoint finds a stream by StreamARN alone, or by StreamName alone.
func TestAStreamIsFoundByItsARN(t *testing.T) {
	const arn = "arn:aws:kinesis:us-east-1:210987654321:stream/" + streamName
	for _, section := range []options{
		{"wire_format": "json"},
		{"wire_format": "cbor"},
		{"wire_format": "json", "region": ""},
		{"wire_format": "cbor", "aggregation": "true", "partition_key": "k", "aggregation_shard_map": "true"},
		{"wire_format": "json", "ledger_file": ledgerPath(t), "region": ""},
	} {
		t.Run(fmt.Sprint(section), func(t *testing.T) {
			section["stream"] = arn
			s := setStage(t, kinesistest.Options{}, flbhost.Config{}, section)
			records := s.flush(flbhost.OK, one(when, F("log", "x"), F("k", "a")))
			require.Len(t, records, 1)
			log := logOf(s.host)
			requireLine(t, log, "info", "stream = "+arn)
			requireLine(t, log, "info", "region = us-east-1")
			require.Empty(t, log.texts("warning"))
			if section["aggregation_shard_map"] != "" {
				requireLine(t, log, "info", "the stream has 4 open shards")
			}
		})
	}
}

// The error that the log has names the stream as the service does.
func TestAStreamThatIsNotAtItsARNIsHandedBack(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{}, options{"stream": "arn:aws:kinesis:us-east-1:210987654321:stream/none", "delivery_timeout": "1"})
	s.flush(flbhost.Retry, one(when, F("log", "x")))
	requireLine(t, logOf(s.host), "error", "Stream none under account")
}
