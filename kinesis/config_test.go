package kinesis

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/kinesis/record"
	"fluent-bit-kinesis/plugins"
)

// with returns the two required options and others: pairs of name and value.
func with(pairs ...string) plugins.Values {
	values := plugins.Values{"region": "us-west-2", "stream": "logs"}
	for i := 0; i+1 < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	return values
}

func noEnv(string) string { return "" }

func TestConfigDefaults(t *testing.T) {
	config, settings, err := ReadConfig(with(), noEnv)
	require.NoError(t, err)
	require.Equal(t, "%Y-%m-%dT%H:%M:%S", config.Record.TimeFormat.String())
	config.Record.TimeFormat = nil
	require.Equal(t, Config{
		Region:                       "us-west-2",
		Stream:                       "logs",
		StreamsMaximum:               64,
		Record:                       record.Options{MaximumSize: 1 << 20},
		AggregationMaximumRecordSize: 1 << 20,
		SkipAggregationRecordSize:    20 << 10,
		AggregationCompression:       compress.None,
		AggregationCompressionLevel:  compress.DefaultLevel,
		Compression:                  compress.None,
		CompressionLevel:             compress.DefaultLevel,
		RoleDuration:                 15 * time.Minute,
		DeliveryTimeout:              30 * time.Second,
		RequestsInFlight:             32,
		ConcurrencyRetries:           4,
		WireFormat:                   "auto",
	}, config)
	var inTable []string
	for _, row := range Options() {
		inTable = append(inTable, row.Name)
	}
	require.Equal(t, inTable, names(settings), "a line of the log for each row, in order")
	require.Contains(t, settings, plugins.Setting{Name: "aggregation_maximum_record_size", Value: "1048576"})
}

func names(settings []plugins.Setting) []string {
	var names []string
	for _, s := range settings {
		names = append(names, s.Name)
	}
	return names
}

func TestConfigReadsEveryOption(t *testing.T) {
	env := map[string]string{"EKS_POD_EXECUTION_ROLE": "arn:aws:iam::123456789012:role/pod", "SEND_FAILURE_TIMEOUT": "5m30s"}
	config, settings, err := ReadConfig(with(
		"stream", "app-$kubernetes['namespace_name']",
		"stream_default", "app-others",
		"streams_maximum", "10",
		"partition_key", "kubernetes->labels -> app",
		"explicit_hash_key", "kubernetes->hash",
		"data_keys", "log, kubernetes,a.b",
		"log_key", "a_b",
		"time_key", "time",
		"time_key_format", "%s.%L",
		"tag_key", "tag",
		"metadata_key", "meta",
		"group_key", "group",
		"skip_empty", "yes",
		"replace_dots", "_",
		"append_newline", "yes",
		"endpoint", "kinesis.example.com:4567/",
		"sts_endpoint", "http://[::1]:8080",
		"role_arn", "arn:aws-cn:iam::123456789012:role/path/to/name",
		"external_id", "a:b/c=1",
		"role_session_name", "fluent-bit@node,1",
		"role_duration", "43200",
		"http_request_timeout", "15",
		"aggregation", "on",
		"aggregation_maximum_record_size", "512KB",
		"skip_aggregation_record_size", "10000",
		"aggregation_shard_map", "1",
		"aggregation_compression", "ZSTD",
		"aggregation_compression_level", "3",
		"maximum_record_size", "10M",
		"compression", "GZip",
		"compression_level", "9",
		"delivery_timeout", "0",
		"requests_in_flight", "64",
		"experimental_concurrency", "10",
		"experimental_concurrency_retries", "0",
		"wire_format", "CBOR",
	), func(key string) string { return env[key] })
	require.NoError(t, err)
	require.Equal(t, "%s.%L", config.Record.TimeFormat.String())
	config.Record.TimeFormat = nil
	require.Equal(t, config.Stream, config.Record.Stream.String())
	config.Record.Stream = nil
	require.Equal(t, Config{
		Region:         "us-west-2",
		Stream:         "app-$kubernetes['namespace_name']",
		StreamDefault:  "app-others",
		StreamsMaximum: 10,
		Record: record.Options{
			TimeKey:       "time",
			TagKey:        "tag",
			MetadataKey:   "meta",
			GroupKey:      "group",
			SkipEmpty:     true,
			PartitionKey:  record.KeyPath{"kubernetes", "labels", "app"},
			HashKey:       record.KeyPath{"kubernetes", "hash"},
			DataKeys:      []string{"log", "kubernetes", "a.b"},
			ReplaceDots:   "_",
			LogKey:        "a_b",
			AppendNewline: true,
			MaximumSize:   10 << 20,
		},
		Endpoint:                     "https://kinesis.example.com:4567",
		STSEndpoint:                  "http://[::1]:8080",
		PodRoleARN:                   "arn:aws:iam::123456789012:role/pod",
		RoleARN:                      "arn:aws-cn:iam::123456789012:role/path/to/name",
		ExternalID:                   "a:b/c=1",
		RoleSessionName:              "fluent-bit@node,1",
		RoleDuration:                 12 * time.Hour,
		HTTPRequestTimeout:           15 * time.Second,
		Aggregation:                  true,
		AggregationMaximumRecordSize: 512 << 10,
		SkipAggregationRecordSize:    10000,
		AggregationShardMap:          true,
		AggregationCompression:       compress.Zstd,
		AggregationCompressionLevel:  6,
		Compression:                  compress.Gzip,
		CompressionLevel:             9,
		DeliveryTimeout:              0,
		RequestsInFlight:             64,
		SendFailureTimeout:           330 * time.Second,
		Concurrency:                  10,
		ConcurrencyRetries:           0,
		WireFormat:                   "cbor",
		Warnings: []string{
			"tag_key has no effect with log_key, which sends one value alone",
			"metadata_key has no effect with log_key, which sends one value alone",
			"group_key has no effect with log_key, which sends one value alone",
			"experimental_concurrency = 10: records that do not get through in 1 attempts are lost; Fluent Bit's own option workers has no such risk",
		},
	}, config)
	for _, line := range []string{
		"partition_key = kubernetes->labels->app",
		"data_keys = log, kubernetes, a.b",
		"endpoint = https://kinesis.example.com:4567",
		"external_id = ***",
		"role_session_name = fluent-bit@node,1",
		"role_duration = 12h0m0s",
		"http_request_timeout = 15s",
		"aggregation_compression = zstd",
		"aggregation_compression_level = 3",
		"SEND_FAILURE_TIMEOUT = 5m30s",
	} {
		name, value, _ := strings.Cut(line, " = ")
		require.Contains(t, settings, plugins.Setting{Name: name, Value: value})
	}
}

// What the README of amazon-kinesis-streams-for-fluent-bit tells its users to
// write goes on to work as it is.
func TestConfigTakesTheOptionsOfThePluginThatUsersComeFrom(t *testing.T) {
	for _, test := range []struct {
		name    string
		options plugins.Values
		same    func(Config) bool
	}{
		{"the example with a partition key", with("partition_key", "container_id", "append_newline", "true", "replace_dots", "_"),
			func(c Config) bool {
				return c.Record.PartitionKey.String() == "container_id" && c.Record.AppendNewline && c.Record.ReplaceDots == "_"
			}},
		{"a nested partition key", with("partition_key", "kubernetes->pod_name"),
			func(c Config) bool { return len(c.Record.PartitionKey) == 2 && c.Record.PartitionKey[1] == "pod_name" }},
		{"a path that ends in log", with("partition_key", "stream->log"),
			func(c Config) bool { return len(c.Record.PartitionKey) == 2 }},
		{"a nested partition key with blanks around its keys", with("partition_key", " a -> b "),
			func(c Config) bool { return slices.Equal(c.Record.PartitionKey, record.KeyPath{"a", "b"}) }},
		{"data_keys with blanks around them", with("data_keys", " log ,\tstream "),
			func(c Config) bool { return slices.Equal(c.Record.DataKeys, []string{"log", "stream"}) }},
		{"data_keys of one", with("data_keys", "log"),
			func(c Config) bool { return len(c.Record.DataKeys) == 1 && c.Record.DataKeys[0] == "log" }},
		{"data_keys of several", with("data_keys", "log,stream"),
			func(c Config) bool { return len(c.Record.DataKeys) == 2 }},
		{"log_key", with("log_key", "log"), func(c Config) bool { return c.Record.LogKey == "log" }},
		{"a time with a zone", with("time_key", "time", "time_key_format", "%Y-%m-%dT%H:%M:%S%z"),
			func(c Config) bool {
				return c.Record.TimeKey == "time" && c.Record.TimeFormat.String() == "%Y-%m-%dT%H:%M:%S%z"
			}},
		{"a time with milliseconds", with("time_key", "time", "time_key_format", "%Y-%m-%dT%H:%M:%S.%L"),
			func(c Config) bool { return c.Record.TimeFormat.SubSecond() }},
		{"a time with microseconds", with("time_key", "time", "time_key_format", "%Y-%m-%dT%H:%M:%S.%f"),
			func(c Config) bool { return c.Record.TimeFormat.SubSecond() }},
		{"an endpoint with a scheme", with("endpoint", "https://vpce-1.kinesis.us-west-2.vpce.amazonaws.com"),
			func(c Config) bool { return c.Endpoint == "https://vpce-1.kinesis.us-west-2.vpce.amazonaws.com" }},
		{"an endpoint without one is https, as with the SDK", with("endpoint", "kinesis.us-west-2.amazonaws.com", "sts_endpoint", "localhost:4566"),
			func(c Config) bool {
				return c.Endpoint == "https://kinesis.us-west-2.amazonaws.com" && c.STSEndpoint == "https://localhost:4566"
			}},
		{"experimental_concurrency", with("experimental_concurrency", "4", "experimental_concurrency_retries", "4"),
			func(c Config) bool { return c.Concurrency == 4 && c.ConcurrencyRetries == 4 }},
		{"experimental_concurrency that is off", with("experimental_concurrency", "0"),
			func(c Config) bool { return c.Concurrency == 0 && c.Warnings == nil }},
		{"aggregation", with("aggregation", "true", "append_newline", "true"),
			func(c Config) bool { return c.Aggregation && c.Record.AppendNewline }},
		{"compression zlib", with("compression", "zlib"), func(c Config) bool { return c.Compression == compress.Zlib && c.CompressionLevel == 6 }},
		{"compression gzip", with("compression", "GZIP"), func(c Config) bool { return c.Compression == compress.Gzip }},
		{"compression none", with("compression", "none"), func(c Config) bool { return c.Compression == compress.None }},
		{"http_request_timeout", with("http_request_timeout", "5"),
			func(c Config) bool { return c.HTTPRequestTimeout == 5*time.Second }},
		{"http_request_timeout of none", with("http_request_timeout", "0"),
			func(c Config) bool { return c.HTTPRequestTimeout == 0 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			config, _, err := ReadConfig(test.options, noEnv)
			require.NoError(t, err)
			require.True(t, test.same(config), "%+v", config)
		})
	}
}

const (
	sizeRule     = "written as a number of bytes or with one of k, KB, M, MB (1k is 1024 bytes)"
	roleRule     = "must be the ARN of a role, such as arn:aws:iam::123456789012:role/name"
	boolRule     = "must be true or false (or on, off, yes, no, 1, 0)"
	regionRule   = "must be the name of an AWS region, such as us-west-2: lower-case letters, digits and single hyphens"
	streamRule   = "must be 1 to 128 of the characters a-z, A-Z, 0-9, _ . -, or the stream's ARN"
	logKeyRule   = "no record would have this key: log_key is looked up in what data_keys and replace_dots have left of a record and time_key, tag_key, metadata_key and group_key have added, so it must be one of those keys, with its dots replaced"
	deliveryRule = `must be a number of seconds, or a duration such as "30s" or "5m", up to 24h`
	sessionRule  = "must be 2 to 64 of the characters a-z, A-Z, 0-9, _ + = , . @ -"
	durationRule = `must be a number of seconds, or a duration such as "30m" or "1h", from 15m to 12h`
	timeoutRule  = `must be a duration that is not negative, such as "30s", "5m30s" or "1h"`
)

// bad is one option with a value that is refused, and the message.
type bad struct{ name, option, value, rule string }

var badOptions = []bad{
	{"a region in capitals", "region", "US-WEST-2", regionRule},
	{"a region that is an address", "region", "kinesis.us-west-2.amazonaws.com", regionRule},
	{"a region with an empty part", "region", "us--west", regionRule},
	{"a consumer's ARN", "stream", "arn:aws:kinesis:us-west-2:123456789012:stream/logs/consumer/c:1", streamARNRule + ", and this is a consumer's: leave out what begins with /consumer/"},
	{"the ARN of another service", "stream", "arn:aws:firehose:us-west-2:123456789012:deliverystream/logs", streamARNRule + `, and this is of another service, "firehose"`},
	{"a stream with a blank", "stream", "my logs", streamRule},
	{"a stream with a slash", "stream", "logs/a", streamRule},
	{"a stream of 129 characters", "stream", strings.Repeat("a", 129), streamRule},
	{"a partition key of log", "partition_key", "log", "must not be log, the line itself: use a key whose value many records share, such as container_id"},
	{"a hash key below an empty key", "explicit_hash_key", "->h", "must be a key or a path of keys such as kubernetes->pod_name, but key 1 of 2 is empty"},
	{"a record of less than 1 MiB", "maximum_record_size", "1023k", "must be a size from 1M to 10M, " + sizeRule},
	{"an endpoint of another scheme", "endpoint", "ftp://host", addressRule},
	{"an endpoint without a host", "endpoint", "https://", addressRule},
	{"an endpoint with a port alone", "endpoint", "https://:4567", addressRule},
	{"an endpoint with a port that is none", "endpoint", "http://127.0.0.1:99999", addressRule},
	{"an endpoint with port zero", "endpoint", "http://127.0.0.1:0", addressRule},
	{"an endpoint with a port of five digits and one more", "endpoint", "http://127.0.0.1:65536", addressRule},
	{"an endpoint with a port that is a word", "endpoint", "host:port", addressRule},
	{"an IPv6 endpoint without brackets", "endpoint", "::1", addressRule},
	{"an endpoint with a blank", "endpoint", "https://ho st", addressRule},
	{"sts_endpoint", "sts_endpoint", "sts://host", addressRule},
	{"a role's name", "role_arn", "my-role", roleRule},
	{"a user's ARN", "role_arn", "arn:aws:iam::123456789012:user/me", roleRule},
	{"an ARN with a short account", "role_arn", "arn:aws:iam::1234:role/me", roleRule},
	{"an ARN without a name", "role_arn", "arn:aws:iam::123456789012:role/", roleRule},
	{"a session's name of one character", "role_session_name", "a", sessionRule},
	{"a session's name of 65 characters", "role_session_name", strings.Repeat("a", 65), sessionRule},
	{"a session's name with a blank", "role_session_name", "fluent bit", sessionRule},
	{"a session of less than a quarter of an hour", "role_duration", "899", durationRule},
	{"a session of more than twelve hours", "role_duration", "12h1s", durationRule},
	{"a session of so many seconds that they are no duration", "role_duration", "9223372036854775807", durationRule},
	{"a session of a part of a second", "role_duration", "1800.5s", durationRule},
	{"a session's duration in words", "role_duration", "an hour", durationRule},
	{"a profile in brackets", "profile", "[logs]", "must be the name of a profile, such as logs"},
	{"a timeout with a unit", "http_request_timeout", "5s", "must be a whole number of seconds from 0 to 86400, without a unit"},
	{"a negative timeout", "http_request_timeout", "-1", "must be a whole number of seconds from 0 to 86400, without a unit"},
	{"an aggregate of another unit", "aggregation_maximum_record_size", "1G", "must be a size from 1k to 1M, " + sizeRule},
	{"a size that is negative", "skip_aggregation_record_size", "-1", "must be a size from 0 to 1M, " + sizeRule},
	{"aggregation_compression_level in words", "aggregation_compression_level", "best", "must be a whole number from 1 to 9"},
	{"aggregation_shard_map", "aggregation_shard_map", "2", boolRule},
	{"aggregation_compression", "aggregation_compression", "zlib", "must be one of none, gzip, zstd"},
	{"compression", "compression", "lz4", "must be one of none, gzip, zlib, zstd, snappy"},
	{"compression_level", "compression_level", "23", "must be a whole number from 1 to 22"},
	{"delivery_timeout that is negative", "delivery_timeout", "-1", deliveryRule},
	{"delivery_timeout of a negative duration", "delivery_timeout", "-1s", deliveryRule},
	{"delivery_timeout of more than a day", "delivery_timeout", "86401", deliveryRule},
	{"delivery_timeout of so many seconds that they are no duration", "delivery_timeout", "9223372036854775807", deliveryRule},
	{"delivery_timeout in words", "delivery_timeout", "soon", deliveryRule},
	{"requests_in_flight of none", "requests_in_flight", "0", "must be a whole number from 1 to 64"},
	{"requests_in_flight of too many", "requests_in_flight", "65", "must be a whole number from 1 to 64"},
	{"experimental_concurrency", "experimental_concurrency", "11", "must be a whole number from 0 to 10"},
	{"a stream that no request can carry", "stream", "a\nb", streamRule},
	{"experimental_concurrency_retries", "experimental_concurrency_retries", "-1", "must be a whole number from 0 to 10000"},
	{"wire_format", "wire_format", "xml", "must be one of auto, json, cbor"},
	{"a pod's role that is none", "EKS_POD_EXECUTION_ROLE", "pod", roleRule},
	{"a failure timeout without a unit", "SEND_FAILURE_TIMEOUT", "300", timeoutRule},
}

func isEnv(option string) bool { return strings.ToUpper(option) == option }

func TestConfigRefusesABadValueAndSaysWhatWouldBeValid(t *testing.T) {
	for _, test := range badOptions {
		t.Run(test.name, func(t *testing.T) {
			source, env := with(), plugins.Values{}
			if isEnv(test.option) {
				env[test.option] = test.value
			} else {
				source[test.option] = test.value
			}
			_, _, err := ReadConfig(source, env.Get)
			require.ErrorContains(t, err, fmt.Sprintf("%s = %q: %s", test.option, test.value, test.rule))
			require.NotContains(t, err.Error(), "\n", "one mistake, one line")
		})
	}
}

func TestConfigNamesAllMistakesTogether(t *testing.T) {
	source, env := plugins.Values{}, plugins.Values{}
	want := map[string]string{}
	for _, b := range badOptions {
		if isEnv(b.option) {
			env[b.option] = b.value
		} else {
			source[b.option] = b.value
		}
		want[b.option] = b.value
	}
	for _, option := range []string{"endpoint", "sts_endpoint"} { // beside these more is taken
		delete(source, option)
		delete(want, option)
	}
	_, _, err := ReadConfig(source, env.Get)
	require.Error(t, err)
	got := strings.Split(err.Error(), "\n")
	require.Len(t, got, len(want))
	for option, value := range want {
		require.Contains(t, err.Error(), fmt.Sprintf("%s = %q: ", option, value))
	}
}

func TestConfigNeedsARegionAndAStream(t *testing.T) {
	_, _, err := ReadConfig(plugins.Values{}, noEnv)
	require.EqualError(t, err, "region is not set: it must be the stream's AWS region, such as us-west-2\n"+
		"stream is not set: it must be the name of the Kinesis data stream, or its ARN")
}

func TestConfigTakesEveryKindOfRegionAndStream(t *testing.T) {
	for _, region := range []string{"us-west-2", "us-gov-east-1", "cn-north-1", "us-iso-east-1", "eu-isoe-west-1", "ap-southeast-7", "local"} {
		config, _, err := ReadConfig(with("region", region), noEnv)
		require.NoError(t, err)
		require.Equal(t, region, config.Region)
	}
	for _, stream := range []string{"a", "My_stream.v1-blue", strings.Repeat("a", 128)} {
		config, _, err := ReadConfig(with("stream", stream), noEnv)
		require.NoError(t, err)
		require.Equal(t, stream, config.Stream)
	}
}

func TestConfigHasTheSizesOfAggregatesFitTogether(t *testing.T) {
	for _, test := range []struct {
		name, maximum, skip string
		wantMaximum, want   int
		warnings            []string
	}{
		{"one below", "20k", "20479", 20 << 10, 20479, nil},
		{"none skips an aggregate where both are the same", "20k", "20480", 20 << 10, 20 << 10, nil},
		{"none skips where records may be as large as they can", "", "1M", 1 << 20, 1 << 20, nil},
		{"the default is the maximum where that is less", "10240", "", 10 << 10, 10 << 10, nil},
		{"all skip from nothing on", "10k", "0", 10 << 10, 0, nil},
		{"a maximum of nothing", "0", "", 1 << 10, 1 << 10,
			[]string{`aggregation_maximum_record_size = "0": must be a size from 1k to 1M, ` + sizeRule + "; 1024 is used"}},
		{"a maximum above what the service takes", "5242880", "6000000", 1 << 20, 1 << 20, []string{
			`aggregation_maximum_record_size = "5242880": must be a size from 1k to 1M, ` + sizeRule + "; 1048576 is used",
			`skip_aggregation_record_size = "6000000": must be a size from 0 to 1M, ` + sizeRule + "; 1048576 is used"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			config, settings, err := ReadConfig(with("aggregation", "true",
				"aggregation_maximum_record_size", test.maximum, "skip_aggregation_record_size", test.skip), noEnv)
			require.NoError(t, err)
			require.Equal(t, test.wantMaximum, config.AggregationMaximumRecordSize)
			require.Equal(t, test.want, config.SkipAggregationRecordSize)
			require.Equal(t, test.warnings, config.Warnings)
			require.Contains(t, settings, plugins.Setting{Name: "skip_aggregation_record_size", Value: fmt.Sprint(test.want)})
		})
	}
}

func TestConfigRefusesALogKeyThatNoRecordCanHave(t *testing.T) {
	for _, test := range []struct {
		name    string
		options plugins.Values
		valid   bool
	}{
		{"any key without other options", with("log_key", "a.b"), true},
		{"a key of data_keys", with("log_key", "log", "data_keys", "log,stream"), true},
		{"a key that data_keys leave out", with("log_key", "log", "data_keys", "stream"), false},
		{"the time key beside data_keys", with("log_key", "time", "data_keys", "log", "time_key", "time"), true},
		{"a key whose dots are replaced", with("log_key", "a_b", "data_keys", "a.b", "replace_dots", "_"), true},
		{"a key as it was before its dots were replaced", with("log_key", "a.b", "data_keys", "a.b", "replace_dots", "_"), false},
		{"the tag's key beside data_keys", with("log_key", "tag", "data_keys", "log", "tag_key", "tag"), true},
		{"the metadata's key beside data_keys", with("log_key", "m", "data_keys", "log", "metadata_key", "m"), true},
		{"the group's key with its dots replaced", with("log_key", "a_g", "data_keys", "log", "group_key", "a.g", "replace_dots", "_"), true},
		{"the time key with its dots replaced", with("log_key", "a-t", "data_keys", "log", "time_key", "a.t", "replace_dots", "-"), true},
		{"a key with a dot where there are none left", with("log_key", "a.b", "replace_dots", "_"), false},
		{"a key with a dot where dots become dots", with("log_key", "a.b", "replace_dots", ".."), true},
		{"a key without a dot where dots are replaced", with("log_key", "ab", "replace_dots", "_"), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := ReadConfig(test.options, noEnv)
			if test.valid {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, fmt.Sprintf("log_key = %q: %s", test.options["log_key"], logKeyRule))
		})
	}
}

func TestConfigReadsTheCompressionLevelAsTheFormatHasIt(t *testing.T) {
	for _, test := range []struct {
		name, format, level string
		want                int
		message, warning    string
	}{
		{"the default of gzip", "gzip", "", 6, "", ""},
		{"the default of zstd", "zstd", "", 1, "", ""},
		{"the lowest", "zlib", "1", 1, "", ""},
		{"the highest of gzip", "gzip", "9", 9, "", ""},
		{"one above", "gzip", "10", 0, `compression_level = "10": must be a whole number from 1 to 9`, ""},
		{"one below", "zlib", "0", 0, `compression_level = "0": must be a whole number from 1 to 9`, ""},
		{"the highest of zstd", "zstd", "22", 22, "", ""},
		{"above the highest of zstd", "zstd", "23", 0, `compression_level = "23": must be a whole number from 1 to 22`, ""},
		{"a word", "zstd", "best", 0, `compression_level = "best": must be a whole number from 1 to 22`, ""},
		{"a word without compression", "", "best", 0, `compression_level = "best": must be a whole number from 1 to 22`, ""},
		{"none without compression", "", "", compress.DefaultLevel, "", ""},
		{"one without compression", "", "3", compress.DefaultLevel, "", "compression_level has no effect with compression = none"},
		{"one with snappy", "snappy", "3", compress.DefaultLevel, "", "compression_level has no effect with compression = snappy"},
	} {
		t.Run(test.name, func(t *testing.T) {
			config, _, err := ReadConfig(with("compression", test.format, "compression_level", test.level), noEnv)
			if test.message != "" {
				require.EqualError(t, err, test.message)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, config.CompressionLevel)
			if test.warning != "" {
				require.Equal(t, []string{test.warning}, config.Warnings)
			}
			_, err = compress.New(config.Compression, config.CompressionLevel)
			require.NoError(t, err)
		})
	}
}

func TestConfigReadsTheLevelOfAggregatesInTheForksWords(t *testing.T) {
	const from1To9, from1To4 = "must be a whole number from 1 to 9", "must be a whole number from 1 to 4"
	for _, test := range []struct {
		name, format, level string
		want                int
		shown               string
		warnings            []string
	}{
		{"the default of gzip", "gzip", "", 6, "6", nil},
		{"the default of zstd", "zstd", "", 1, "1", nil},
		{"the highest of gzip", "gzip", "9", 9, "9", nil},
		{"gzip that does not compress", "gzip", "0", 1, "1", []string{`aggregation_compression_level = "0": ` + from1To9 + "; 1 is used"}},
		{"the lowest of zstd", "zstd", "1", 1, "1", nil},
		{"the second of zstd", "zstd", "2", 3, "2", nil},
		{"the third of zstd", "zstd", "3", 6, "3", nil},
		{"the highest of zstd", "zstd", "4", 10, "4", nil},
		{"above the highest of zstd", "zstd", "22", 10, "4", []string{`aggregation_compression_level = "22": ` + from1To4 + "; 4 is used"}},
		{"none without compression", "noop", "", compress.DefaultLevel, "", nil},
		{"one without compression", "noop", "3", compress.DefaultLevel, "",
			[]string{"aggregation_compression_level has no effect with aggregation_compression = none"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			config, settings, err := ReadConfig(with("aggregation", "true",
				"aggregation_compression", test.format, "aggregation_compression_level", test.level), noEnv)
			require.NoError(t, err)
			require.Equal(t, test.want, config.AggregationCompressionLevel)
			require.Equal(t, test.warnings, config.Warnings)
			require.Contains(t, settings, plugins.Setting{Name: "aggregation_compression_level", Value: test.shown})
			_, err = compress.New(config.AggregationCompression, config.AggregationCompressionLevel)
			require.NoError(t, err)
		})
	}
}

func TestNoOptionOfTheTableIsKnownFromElsewhere(t *testing.T) {
	table := Options()
	for _, e := range elsewhere {
		require.Nil(t, table.Find(e.Name), "%s is an option now: it is to be taken out of elsewhere", e.Name)
	}
}

func TestConfigNamesOptionsThatItDoesNotHave(t *testing.T) {
	config, _, err := ReadConfig(with("aws_key_id", "AKIASECRET", "aws_sec_key", "SECRET", "compresion", "SECRET"), noEnv)
	require.NoError(t, err)
	require.Equal(t, []string{"options that this plugin does not have, and that do nothing: " +
		"aws_key_id (" + keysInstead + "); aws_sec_key (" + keysInstead + "); compresion (did you mean compression?)"}, config.Warnings)
}

func TestEveryRowOfTheTableSaysWhatItIs(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range Options() {
		require.False(t, seen[row.Name], "%s is there twice", row.Name)
		seen[row.Name] = true
		if row.Env {
			continue
		}
		require.NotEmpty(t, row.Group, row.Name)
		require.NotEmpty(t, row.Help, row.Name)
		require.NoError(t, row.Value.Set(row.Example), "the example of %s", row.Name)
		require.NotContains(t, row.Help+row.Example, "|", "%s would break the table", row.Name)
		for _, needed := range row.Needs {
			for _, option := range strings.Split(needed, " or ") {
				require.NotNil(t, Options().Find(option), "%s needs %s", row.Name, option)
			}
		}
	}
}

func TestConfigRemarksOnOptionsWithoutEffect(t *testing.T) {
	config, _, err := ReadConfig(with(
		"time_key_format", "%s",
		"aggregation", "off",
		"aggregation_maximum_record_size", "64k",
		"aggregation_compression", "gzip",
		"experimental_concurrency_retries", "2",
	), noEnv)
	require.NoError(t, err)
	require.Equal(t, []string{
		"time_key_format has no effect without time_key",
		"aggregation_maximum_record_size has no effect without aggregation or simple_aggregation",
		"aggregation_compression has no effect without aggregation",
		"experimental_concurrency_retries has no effect without experimental_concurrency",
	}, config.Warnings)
}

func TestConfigOfJoinedLines(t *testing.T) {
	config, settings, err := ReadConfig(with("simple_aggregation", "On", "aggregation_maximum_record_size", "64k", "compression", "zstd"), noEnv)
	require.NoError(t, err)
	require.Empty(t, config.Warnings)
	require.True(t, config.SimpleAggregation)
	require.True(t, config.Record.Lines)
	require.Contains(t, settings, plugins.Setting{Name: "append_newline", Value: "true"})

	config, _, err = ReadConfig(with("simple_aggregation", "on", "append_newline", "off", "aggregation_compression", "gzip", "aggregation_shard_map", "on"), noEnv)
	require.NoError(t, err)
	require.Equal(t, []string{
		"aggregation_shard_map has no effect without aggregation",
		"aggregation_compression has no effect without aggregation",
		"append_newline = false has no effect with simple_aggregation, which ends each line with a newline",
		"what simple_aggregation joins is compressed as a whole by compression, not by aggregation_compression",
	}, config.Warnings)

	_, _, err = ReadConfig(with("simple_aggregation", "on", "aggregation", "on"), noEnv)
	require.EqualError(t, err, `simple_aggregation = "true": aggregation is true as well, and a record can be in one format alone: `+
		"leave out simple_aggregation for the format of the KPL, aggregation for lines")
}

func TestWhatIsAddedNeedsKeysOfItsOwn(t *testing.T) {
	const taken = "is what %s has as its key, and must be another one"
	for _, test := range []struct {
		name    string
		options plugins.Values
		want    []string // mistakes
	}{
		{"four keys are four", with("time_key", "t", "tag_key", "g", "metadata_key", "m", "group_key", "G"), nil},
		{"the time's is not the tag's", with("time_key", "a", "tag_key", "a"), []string{`tag_key = "a": ` + fmt.Sprintf(taken, "time_key")}},
		{"the metadata's is not the group's", with("metadata_key", " a", "group_key", "a "), []string{`group_key = "a": ` + fmt.Sprintf(taken, "metadata_key")}},
		{"keys with a dot are told apart", with("tag_key", "a.b", "group_key", "a_b"), nil},
		{"not once dots are replaced", with("tag_key", "a.b", "group_key", "a_b", "replace_dots", "_"), []string{`group_key = "a_b": ` + fmt.Sprintf(taken, "tag_key")}},
		{"all mistakes are said", with("time_key", "a", "tag_key", "a", "group_key", "a"), []string{
			`tag_key = "a": ` + fmt.Sprintf(taken, "time_key"), `group_key = "a": ` + fmt.Sprintf(taken, "time_key"), `group_key = "a": ` + fmt.Sprintf(taken, "tag_key")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			config, _, err := ReadConfig(test.options, noEnv)
			if test.want != nil {
				require.EqualError(t, err, strings.Join(test.want, "\n"))
				return
			}
			require.NoError(t, err)
			require.Empty(t, config.Warnings)
		})
	}
}

func TestConfigRemarksOnWhatIsAddedToNoRecord(t *testing.T) {
	const remark = "tag_key has no effect with log_key, which sends one value alone"
	for _, test := range []struct {
		name    string
		options plugins.Values
		want    []string
	}{
		{"beside another log_key", with("log_key", "log", "tag_key", "tag", "group_key", "g"), []string{remark, strings.ReplaceAll(remark, "tag_key", "group_key")}},
		{"as log_key", with("log_key", "tag", "tag_key", "tag"), nil},
		{"as log_key, dots replaced", with("log_key", "a_b", "tag_key", "a.b", "replace_dots", "_"), nil},
		{"as partition_key", with("log_key", "log", "tag_key", "tag", "partition_key", "tag"), nil},
		{"where partition_key leads", with("log_key", "log", "metadata_key", "m", "partition_key", "m->otlp->trace_id"), nil},
		{"the time, as ever", with("log_key", "log", "time_key", "time"), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			config, _, err := ReadConfig(test.options, noEnv)
			require.NoError(t, err)
			require.Equal(t, test.want, config.Warnings)
		})
	}
}

func TestConfigRemarksOnATimeZoneThatIsNotKnown(t *testing.T) {
	const rule = "EST5EDT,M3.2.0,M11.1.0"
	zone := func(name string) string {
		if name == "TZ" {
			return rule
		}
		return ""
	}
	config, _, err := ReadConfig(with("time_key", "time"), zone)
	require.NoError(t, err)
	require.Len(t, config.Warnings, 1)
	require.Contains(t, config.Warnings[0], `TZ = "`+rule+`"`)
	require.Contains(t, config.Warnings[0], "not in it")

	config, _, err = ReadConfig(with(), zone)
	require.NoError(t, err)
	require.Empty(t, config.Warnings, "no time is asked for")
}

func TestConfigShowsNoCredentials(t *testing.T) {
	var asked []string
	env := func(key string) string {
		asked = append(asked, key)
		return map[string]string{"AWS_ACCESS_KEY_ID": "AKIDSECRET", "AWS_SECRET_ACCESS_KEY": "SECRET", "AWS_SESSION_TOKEN": "SECRET"}[key]
	}
	config, settings, err := ReadConfig(with("endpoint", "https://me:SECRET@host/?x", "sts_endpoint", "me:SECRET@host:1"), env)
	require.NoError(t, err)
	require.Equal(t, []string{
		`endpoint = "https://***@host/?x": ` + addressRule + "; https://host is used",
		`sts_endpoint = "***@host:1": ` + addressRule + "; https://host:1 is used",
	}, config.Warnings)
	require.NotContains(t, fmt.Sprint(settings), "SECRET")
	_, _, err = ReadConfig(with("endpoint", "ftp://me:SECRET@host"), env)
	require.EqualError(t, err, `endpoint = "ftp://***@host": `+addressRule)
	slices.Sort(asked)
	require.Equal(t, []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "EKS_POD_EXECUTION_ROLE",
		"SEND_FAILURE_TIMEOUT", "TZ"}, slices.Compact(asked))
}

func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"https://host", "host:1/", "http://[::1]:80/x/", "::1", "a:b@c", "https://h?q", "//", "http://%zz", "https://h#"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		address, err := parseAddress(text)
		if bent := new(plugins.Bent); err != nil && !errors.As(err, &bent) {
			return
		}
		require.Regexp(t, `^https?://[^/@?#]+`, address)
		again, err := parseAddress(address)
		require.NoError(t, err)
		require.Equal(t, address, again, "what was read reads as the same")
	})
}

// Whatever an option holds, the start is refused by its name, or what it comes to
// can be worked with.
func FuzzReadConfig(f *testing.F) {
	table := Options()
	for i, row := range table {
		for _, value := range []string{row.Example, "maybe", "-1", "0", "99999999", "a->", ",", "%3N%", "http://u:p@h:99999/?", "1M", "noop", " \n"} {
			f.Add(uint8(i), value, i%2 == 0)
		}
	}
	f.Fuzz(func(t *testing.T, index uint8, value string, lenient bool) {
		row := table[int(index)%len(table)]
		values := with("aggregation", "true", "aggregation_compression", "zstd", "experimental_concurrency", "1")
		if lenient {
			values["endpoint"], values["sts_endpoint"] = "localhost:1", "localhost:2"
		}
		values[row.Name] = value
		config, settings, err := ReadConfig(values, values.Get)
		require.Len(t, settings, len(table))
		if err != nil {
			require.Contains(t, err.Error(), row.Name)
			return
		}
		require.NotEmpty(t, config.Stream)
		require.GreaterOrEqual(t, config.AggregationMaximumRecordSize, minAggregateBytes)
		require.LessOrEqual(t, config.AggregationMaximumRecordSize, 1<<20)
		require.LessOrEqual(t, config.SkipAggregationRecordSize, 1<<20)
		require.LessOrEqual(t, config.HTTPRequestTimeout, 24*time.Hour)
		require.NotNil(t, config.Record.TimeFormat)
		for _, format := range []struct {
			format compress.Format
			level  int
		}{{config.Compression, config.CompressionLevel}, {config.AggregationCompression, config.AggregationCompressionLevel}} {
			require.True(t, format.level == compress.DefaultLevel || format.format.CheckLevel(format.level) == nil)
		}
		for _, warning := range config.Warnings {
			require.NotContains(t, warning, "\n")
		}
	})
}
