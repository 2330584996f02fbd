package test

import (
	"maps"
	"strings"

	"fluent-bit-kinesis/internal/kinesistest"
)

// An outcome is what the start makes of a value.
type outcome int

const (
	started outcome = iota // without a remark on the value
	warned
	refused
)

// An optionCase is a value of an option, as people have it in their
// configurations or get it wrong, and what becomes of it.
type optionCase struct {
	outcome outcome
	option  string
	value   string  // HOST is the address of the stream, without a scheme
	with    options // others that are set beside it
	says    string  // in the warning, or the mistake
	effect  string  // a line of the start log
}

func (x optionCase) name() string {
	name := x.option + " " + x.value
	for other, value := range x.with {
		name += " with " + other + " " + value
	}
	return name
}

// section is the options of an instance that has the value.
func (x optionCase) section(s *kinesistest.Server) options {
	section := options{}
	if x.outcome == refused && (x.option == "region" || x.option == "stream") {
		section["endpoint"] = "" // beside one, more is taken
	}
	section[x.option] = strings.ReplaceAll(x.value, "HOST", strings.TrimPrefix(s.URL(), "https://"))
	maps.Copy(section, x.with)
	return section
}

const (
	isBool      = "must be true or false (or on, off, yes, no, 1, 0)"
	isSize      = "must be a size from"
	isAddress   = "must be an address such as"
	isPath      = "must be a key or a path of keys"
	isRole      = "must be the ARN of a role"
	isSession   = "must be 2 to 64 of the characters"
	isLasting   = `must be a number of seconds, or a duration such as "30m" or "1h", from 15m to 12h`
	isPattern   = "must be a strftime pattern"
	isSeconds   = "must be a whole number of seconds"
	isListening = "must be an address and a port, such as 127.0.0.1:2021"
)

var (
	aggregated = options{"aggregation": "true"}
	joined     = options{"simple_aggregation": "true"}
	inGzip     = options{"aggregation": "true", "aggregation_compression": "gzip"}
	inZstd     = options{"aggregation": "true", "aggregation_compression": "zstd"}
	named      = options{"role_arn": role}
	timed      = options{"time_key": "t"}
	background = options{"experimental_concurrency": "1"}
)

// optionCases are the values that the plugin that users come from and its fork
// started with, and those that cannot work.
var optionCases = []optionCase{
	{refused, "region", "us east 1", nil, "must be the name of an AWS region", ""},
	{refused, "region", "US-EAST-1", nil, "must be the name of an AWS region", ""},
	{warned, "region", "us_local.1", nil, `"us_local.1": must be the name of an AWS region`, "region = us_local.1"},
	{warned, "region", "US-EAST-1", nil, "it is used as it is", "region = US-EAST-1"},
	{refused, "stream", "a b", nil, "must be 1 to 128 of the characters", ""},
	{refused, "stream", "ü", nil, "must be 1 to 128 of the characters", ""},
	{refused, "stream", strings.Repeat("s", 129), nil, "must be 1 to 128 of the characters", ""},
	{refused, "stream", "arn:aws:kinesis:us-east-1:123456789012:stream/logs/consumer/c:1", nil, "and this is a consumer's", ""},
	{refused, "stream", "arn:aws:firehose:us-east-1:123456789012:deliverystream/logs", nil, `of another service, "firehose"`, ""},
	{refused, "stream", "arn:aws:kinesis:us-east-1:12:stream/logs", nil, "must be the ARN of a Kinesis data stream", ""},
	{started, "stream", "arn:aws:kinesis:us-east-1:123456789012:stream/logs", nil, "", "stream = arn:aws:kinesis:us-east-1:123456789012:stream/logs"},
	{started, "stream", "arn:aws-cn:kinesis:cn-north-1:123456789012:stream/logs", options{"region": ""}, "", "region = cn-north-1"},
	{refused, "region", "us-east-1", options{"stream": "arn:aws:kinesis:us-west-2:123456789012:stream/logs"}, "must be us-west-2, the region in the ARN of stream, or not set", ""},
	{warned, "region", "us-east-1", options{"stream": "arn:aws:kinesis:us-west-2:123456789012:stream/logs"}, "must be us-west-2, the region in the ARN of stream, or not set; it is used as it is", "region = us-east-1"},
	{started, "stream", "app-$kubernetes['namespace_name']", nil, "", "stream = app-$kubernetes['namespace_name']"},
	{started, "stream", "$TAG[1].logs", nil, "", "stream = $TAG[1].logs"},
	{refused, "stream", "app-$", nil, "must be followed, each $, by TAG", ""},
	{refused, "stream", "app-${NAME}", nil, "must be followed, each $, by TAG", ""},
	{refused, "stream", "$1", nil, "must not have $1", ""},
	{refused, "stream", "$TAG['x']", nil, "must have a number in $TAG[1]", ""},
	{refused, "stream", "$k['x", nil, "must have ' and ] behind a key", ""},
	{refused, "stream", "a b $TAG", nil, "must have no text but a-z", ""},
	{refused, "stream", "arn:aws:kinesis:us-west-2:123456789012:stream/$TAG", nil, "must have no text but a-z", ""},
	{started, "stream_default", "others", options{"stream": "$TAG"}, "", "stream_default = others"},
	{refused, "stream_default", "$TAG", options{"stream": "$TAG", "endpoint": ""}, "must be 1 to 128 of the characters", ""},
	{warned, "stream_default", "others", nil, "stream_default has no effect where stream has no words", ""},
	{started, "streams_maximum", "10000", options{"stream": "$TAG"}, "", "streams_maximum = 10000"},
	{refused, "streams_maximum", "0", options{"stream": "$TAG"}, "must be a whole number from 1 to 10000", ""},
	{refused, "streams_maximum", "10001", options{"stream": "$TAG"}, "must be a whole number from 1 to 10000", ""},
	{warned, "streams_maximum", "5", nil, "streams_maximum has no effect where stream has no words", ""},

	{started, "time_key", "@timestamp", nil, "", "time_key = @timestamp"},
	{started, "time_key_format", "%Y-%m-%dT%H:%M:%S.%L%z", timed, "", "time_key_format = %Y-%m-%dT%H:%M:%S.%L%z"},
	{started, "time_key_format", "%Y-%m-%dT%H:%M:%S.%6N%:z", timed, "", "time_key_format = %Y-%m-%dT%H:%M:%S.%6N%:z"},
	{started, "time_key_format", "%-d %_d %^a %#Z %e %k %l %P %s %EY %Od %G %g %V %u %w %U %W %h %n%t%D%F%R%T%r%c%x%X%C%y%j", timed, "", ""},
	{refused, "time_key_format", "%Q", timed, isPattern, ""},
	{refused, "time_key_format", "%Y-%", timed, isPattern, ""},
	{warned, "time_key_format", "%Q", nil, isPattern, ""},
	{warned, "time_key_format", "100 %", nil, "no time is written", ""},

	{started, "tag_key", "fluent.tag", nil, "", "tag_key = fluent.tag"},
	{refused, "tag_key", "t", timed, "is what time_key has as its key, and must be another one", ""},
	{warned, "tag_key", "tag", options{"log_key": "log"}, "tag_key has no effect with log_key", "tag_key = tag"},
	{started, "tag_key", "tag", options{"log_key": "tag", "data_keys": "log"}, "", "log_key = tag"},
	{started, "metadata_key", "metadata", nil, "", "metadata_key = metadata"},
	{started, "metadata_key", "m", options{"log_key": "log", "partition_key": "m->otlp->trace_id"}, "", "partition_key = m->otlp->trace_id"},
	{refused, "metadata_key", "a.b", options{"tag_key": "a_b", "replace_dots": "_"}, "is what tag_key has as its key", ""},
	{started, "group_key", "group", nil, "", "group_key = group"},
	{refused, "group_key", "t", timed, "is what time_key has as its key", ""},
	{started, "skip_empty", "Yes", nil, "", "skip_empty = true"},
	{refused, "skip_empty", "maybe", nil, isBool, ""},

	{started, "partition_key", "a", nil, "", "partition_key = a"},
	{started, "partition_key", "a->log", nil, "", "partition_key = a->log"},
	{warned, "partition_key", "a->", nil, "key 2 of 2 is empty; records without such a key go under random keys", "partition_key = a->"},
	{warned, "partition_key", "->b", nil, isPath, "partition_key = ->b"},
	{warned, "partition_key", "a->->b", nil, isPath, "partition_key = a->->b"},
	{warned, "partition_key", "->", nil, isPath, ""},
	{refused, "partition_key", "log", nil, "must not be log", ""},
	{refused, "partition_key", " log ", nil, "must not be log", ""},

	{started, "explicit_hash_key", "h", nil, "", "explicit_hash_key = h"},
	{started, "explicit_hash_key", " a -> log ", nil, "", "explicit_hash_key = a->log"},
	{refused, "explicit_hash_key", "a->", nil, "but key 2 of 2 is empty", ""},
	{warned, "explicit_hash_key", "h", aggregated, "with aggregation_shard_map = true each goes where its own says", "explicit_hash_key = h"},
	{started, "explicit_hash_key", "h", options{"aggregation": "true", "aggregation_shard_map": "true"}, "", "aggregation_shard_map = true"},

	{started, "data_keys", "log", nil, "", "data_keys = log"},
	{started, "data_keys", "log,", nil, "", "data_keys = log"},
	{started, "data_keys", ",log, ,a", nil, "", "data_keys = log, a"},
	{warned, "data_keys", ",", nil, "there is no name; it is as if it were not set", "data_keys = (not set)"},
	{started, "log_key", "log", nil, "", "log_key = log"},
	{refused, "log_key", "log", options{"data_keys": "a,b"}, "no record would have this key", ""},
	{refused, "log_key", "a.b", options{"replace_dots": "_"}, "no record would have this key", ""},
	{started, "replace_dots", "_", nil, "", "replace_dots = _"},

	{started, "append_newline", "TRUE", nil, "", "append_newline = true"},
	{started, "append_newline", "False", nil, "", "append_newline = false"},
	{warned, "append_newline", "maybe", nil, `append_newline = "maybe": ` + isBool + "; false is used", "append_newline = false"},
	{warned, "append_newline", "2", nil, isBool, "append_newline = false"},
	{warned, "append_newline", "truee", nil, isBool, "append_newline = false"},
	{warned, "append_newline", "t", nil, isBool, "append_newline = false"},

	{started, "compression", "GZIP", nil, "", "compression = gzip"},
	{started, "compression", "zlib", nil, "", "compression = zlib"},
	{started, "compression", "none", nil, "", "compression = none"},
	{refused, "compression", "lz4", nil, "must be one of none, gzip, zlib, zstd, snappy", ""},
	{refused, "compression", "gz", nil, "must be one of", ""},
	{started, "compression_level", "1", options{"compression": "gzip"}, "", "compression_level = 1"},
	{refused, "compression_level", "10", options{"compression": "gzip"}, "must be a whole number from 1 to 9", ""},
	{refused, "compression_level", "best", options{"compression": "gzip"}, "must be a whole number from 1 to 9", ""},
	{warned, "compression_level", "3", nil, "compression_level has no effect with compression = none", ""},

	{started, "maximum_record_size", "1M", nil, "", "maximum_record_size = 1048576"},
	{started, "maximum_record_size", "10MB", nil, "", "maximum_record_size = 10485760"},
	{started, "maximum_record_size", "2000000", aggregated, "", "maximum_record_size = 2000000"},
	{refused, "maximum_record_size", "1048575", nil, "must be a size from 1M to 10M", ""},
	{refused, "maximum_record_size", "11M", nil, "must be a size from 1M to 10M", ""},
	{refused, "maximum_record_size", "5 MiB", nil, isSize, ""},

	{started, "aggregation", "true", nil, "", "aggregation = true"},
	{warned, "aggregation", "si", nil, isBool, "aggregation = false"},
	{warned, "aggregation", "enabled", nil, isBool, "aggregation = false"},
	{started, "simple_aggregation", "true", nil, "", "simple_aggregation = true"},
	{started, "simple_aggregation", "On", nil, "", "append_newline = true"},
	{started, "simple_aggregation", "off", aggregated, "", "simple_aggregation = false"},
	{started, "simple_aggregation", "1", options{"aggregation_maximum_record_size": "64k", "skip_aggregation_record_size": "1k", "compression": "gzip"}, "", "compression = gzip"},
	{warned, "simple_aggregation", "si", nil, isBool, "simple_aggregation = false"},
	{refused, "simple_aggregation", "true", aggregated, "aggregation is true as well", ""},
	{warned, "append_newline", "false", joined, "append_newline = false has no effect with simple_aggregation", "append_newline = true"},
	{warned, "aggregation_compression", "gzip", joined, "is compressed as a whole by compression, not by aggregation_compression", "aggregation_compression = none"},
	{started, "aggregation_maximum_record_size", "10240", nil, "", "skip_aggregation_record_size = 10240"},
	{started, "aggregation_maximum_record_size", "10240", aggregated, "", "skip_aggregation_record_size = 10240"},
	{started, "aggregation_maximum_record_size", "+51200", aggregated, "", "aggregation_maximum_record_size = 51200"},
	{started, "aggregation_maximum_record_size", "1048576", aggregated, "", "aggregation_maximum_record_size = 1048576"},
	{warned, "aggregation_maximum_record_size", "0", aggregated, isSize, "aggregation_maximum_record_size = 1024"},
	{warned, "aggregation_maximum_record_size", "10", aggregated, isSize, "aggregation_maximum_record_size = 1024"},
	{warned, "aggregation_maximum_record_size", "5242880", aggregated, "1048576 is used", "aggregation_maximum_record_size = 1048576"},
	{warned, "aggregation_maximum_record_size", "2M", aggregated, isSize, "aggregation_maximum_record_size = 1048576"},
	{refused, "aggregation_maximum_record_size", "1G", aggregated, isSize, ""},
	{refused, "aggregation_maximum_record_size", "-1", aggregated, isSize, ""},
	{started, "skip_aggregation_record_size", "0", aggregated, "", "skip_aggregation_record_size = 0"},
	{started, "skip_aggregation_record_size", "1", aggregated, "", "skip_aggregation_record_size = 1"},
	{started, "skip_aggregation_record_size", "50K", options{"aggregation": "on", "aggregation_maximum_record_size": "50K"}, "", "skip_aggregation_record_size = 51200"},
	{started, "skip_aggregation_record_size", "60k", options{"aggregation": "on", "aggregation_maximum_record_size": "50K"}, "", "skip_aggregation_record_size = 61440"},
	{warned, "skip_aggregation_record_size", "2M", aggregated, isSize, "skip_aggregation_record_size = 1048576"},
	{refused, "skip_aggregation_record_size", "20 kilo", aggregated, isSize, ""},
	{refused, "aggregation_shard_map", "-", aggregated, isBool, ""},
	{started, "aggregation_compression", "noop", aggregated, "", "aggregation_compression = none"},
	{started, "aggregation_compression", "gzip", aggregated, "", "aggregation_compression_level = 6"},
	{started, "aggregation_compression", "zstd", aggregated, "", "aggregation_compression_level = 1"},
	{refused, "aggregation_compression", "snappy", aggregated, "must be one of none, gzip, zstd", ""},
	{refused, "aggregation_compression", "lz4", aggregated, "must be one of none, gzip, zstd", ""},
	{started, "aggregation_compression_level", "9", inGzip, "", "aggregation_compression_level = 9"},
	{warned, "aggregation_compression_level", "0", inGzip, "1 is used", "aggregation_compression_level = 1"},
	{warned, "aggregation_compression_level", "12", inGzip, "9 is used", "aggregation_compression_level = 9"},
	{started, "aggregation_compression_level", "4", inZstd, "", "aggregation_compression_level = 4"},
	{warned, "aggregation_compression_level", "22", inZstd, "4 is used", "aggregation_compression_level = 4"},
	{warned, "aggregation_compression_level", "3", aggregated, "has no effect with aggregation_compression = none", ""},
	{refused, "aggregation_compression_level", "-1", inZstd, "must be a whole number from 1 to 4", ""},
	{refused, "aggregation_compression_level", "best", inGzip, "must be a whole number from 1 to 9", ""},

	{started, "endpoint", "HOST", nil, "", "endpoint = https://127.0.0.1:"},
	{started, "endpoint", "HTTPS://HOST/", nil, "", "endpoint = https://127.0.0.1:"},
	{started, "metrics_listen", "127.0.0.1:0", nil, "", "metrics_listen = 127.0.0.1:0"},
	{started, "metrics_listen", " [0:0::1]:0 ", nil, "", "metrics_listen = [::1]:0"},
	{refused, "metrics_listen", "2021", nil, isListening, ""},
	{refused, "metrics_listen", ":2021", nil, isListening, ""},
	{refused, "metrics_listen", "127.0.0.1:99999", nil, isListening, ""},
	{refused, "metrics_listen", "http://127.0.0.1:2021/metrics", nil, isListening, ""},
	{warned, "endpoint", "https://user:secret@HOST", nil, isAddress, "endpoint = https://127.0.0.1:"},
	{warned, "endpoint", "https://HOST?x=1", nil, isAddress, "endpoint = https://127.0.0.1:"},
	{warned, "endpoint", "https://HOST/#x", nil, isAddress, "endpoint = https://127.0.0.1:"},
	{refused, "endpoint", "ftp://host", nil, isAddress, ""},
	{refused, "endpoint", "https://", nil, isAddress, ""},
	{refused, "endpoint", "http://a b", nil, isAddress, ""},
	{refused, "endpoint", "ftp://user:secret@host", nil, isAddress, ""},
	{refused, "endpoint", "http://127.0.0.1:99999", nil, isAddress, ""},
	{refused, "endpoint", "http://127.0.0.1:65536", nil, isAddress, ""},
	{refused, "endpoint", "127.0.0.1:0", nil, isAddress, ""},
	{refused, "endpoint", "http://127.0.0.1:http", nil, isAddress, ""},
	{warned, "sts_endpoint", "https://host#x", nil, isAddress, "sts_endpoint = https://host"},
	{refused, "sts_endpoint", "ftp://host", nil, isAddress, ""},
	{refused, "sts_endpoint", "https://[::1]:70000", nil, isAddress, ""},
	{refused, "role_arn", "logs", nil, isRole, ""},
	{refused, "role_arn", "arn:aws:iam::12:role/x", nil, isRole, ""},
	{refused, "role_arn", "arn:aws:iam::123456789012:user/x", nil, isRole, ""},

	{refused, "external_id", "x", named, "must be 2 to 1224 of the characters", ""},
	{refused, "external_id", "a secret", named, "must be 2 to 1224 of the characters", ""},
	{started, "role_session_name", "fluent-bit@node.1", nil, "", "role_session_name = fluent-bit@node.1"},
	{refused, "role_session_name", "x", named, isSession, ""},
	{refused, "role_session_name", "fluent bit", named, isSession, ""},
	{refused, "role_session_name", strings.Repeat("s", 65), named, isSession, ""},
	{started, "role_duration", "900", nil, "", "role_duration = 15m0s"},
	{started, "role_duration", "12h", nil, "", "role_duration = 12h0m0s"},
	{refused, "role_duration", "14m59s", named, isLasting, ""},
	{refused, "role_duration", "43201", named, isLasting, ""},
	{refused, "role_duration", "-1", named, isLasting, ""},
	{refused, "role_duration", "an hour", named, isLasting, ""},
	{refused, "profile", "[logs]", nil, "must be the name of a profile", ""},

	{started, "http_request_timeout", "0", nil, "", "http_request_timeout = 0s"},
	{started, "http_request_timeout", "+30", nil, "", "http_request_timeout = 30s"},
	{warned, "http_request_timeout", "86401", nil, isSeconds, "http_request_timeout = 24h0m0s"},
	{warned, "http_request_timeout", "9223372036854775807", nil, isSeconds, "http_request_timeout = 24h0m0s"},
	{refused, "http_request_timeout", "5s", nil, isSeconds, ""},
	{refused, "http_request_timeout", "-1", nil, isSeconds, ""},
	{refused, "http_request_timeout", "1.5", nil, isSeconds, ""},
	{refused, "http_request_timeout", "soon", nil, isSeconds, ""},

	{refused, "delivery_timeout", "-1", nil, `must be a number of seconds, or a duration such as "30s" or "5m", up to 24h`, ""},
	{refused, "delivery_timeout", "-1s", nil, "must be a number of seconds, or a duration", ""},
	{refused, "delivery_timeout", "86401", nil, "must be a number of seconds, or a duration", ""},
	{refused, "delivery_timeout", "25h", nil, "must be a number of seconds, or a duration", ""},
	{refused, "delivery_timeout", "soon", nil, "must be a number of seconds, or a duration", ""},
	{refused, "requests_in_flight", "0", nil, "must be a whole number from 1 to 64", ""},
	{refused, "requests_in_flight", "65", nil, "must be a whole number from 1 to 64", ""},
	{refused, "requests_in_flight", "many", nil, "must be a whole number from 1 to 64", ""},
	{started, "experimental_concurrency", "10", nil, "", "experimental_concurrency = 10"},
	{refused, "experimental_concurrency", "-1", nil, "must be a whole number from 0 to 10", ""},
	{refused, "experimental_concurrency", "11", nil, "must be a whole number from 0 to 10", ""},
	{refused, "experimental_concurrency", "x", nil, "must be a whole number from 0 to 10", ""},
	{started, "experimental_concurrency_retries", "0", background, "", "experimental_concurrency_retries = 0"},
	{warned, "experimental_concurrency_retries", "20000", background, "10000 is used", "experimental_concurrency_retries = 10000"},
	{refused, "experimental_concurrency_retries", "-1", background, "must be a whole number from 0", ""},
	{refused, "experimental_concurrency_retries", "x", background, "must be a whole number from 0", ""},
	{started, "wire_format", "auto", nil, "", "wire_format auto is json here"},
	{started, "wire_format", "AUTO", nil, "", "wire_format = auto"},
	{started, "wire_format", "cbor", nil, "", "wire_format = cbor"},
	{refused, "wire_format", "xml", nil, "must be one of auto, json, cbor", ""},

	{warned, "aws_key_id", "secret", nil, "aws_key_id (set AWS_ACCESS_KEY_ID", ""},
	{warned, "aws_sec_key", "secret", nil, "aws_sec_key (set AWS_ACCESS_KEY_ID", ""},
	{warned, "auto_retry_requests", "secret", nil, "auto_retry_requests (what failed is always tried again", ""},
	{warned, "request_retries", "secret", nil, "request_retries (what failed is always tried again: see delivery_timeout", ""},
	{warned, "include_tag_key", "secret", nil, "include_tag_key (use tag_key)", ""},
	{warned, "stream_key", "secret", nil, "stream_key (use stream, with the key as a word in it: $key)", ""},
	{warned, "enrich_records", "secret", nil, "enrich_records (use Fluent Bit's filters", ""},
	{warned, "compresion", "secret", nil, "compresion (did you mean compression?)", ""},
	{warned, "Partition-Key", "secret", nil, "partition-key (did you mean partition_key?)", ""},
	{warned, "data_key", "secret", options{"logkey": "secret", "aws_profile": "secret"},
		"options that this plugin does not have, and that do nothing: aws_profile (use profile); data_key (use log_key for its value alone, data_keys for a record of it); logkey (did you mean log_key?)", ""},
	{warned, "duration_seconds", "secret", nil, "duration_seconds (use role_duration)", ""},
	{started, "external_id", "secret", nil, "", "external_id = ***"},
}
