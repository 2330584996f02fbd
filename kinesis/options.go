package kinesis

import (
	"slices"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/kinesis/wire"
	"fluent-bit-kinesis/plugins"
	"fluent-bit-kinesis/plugins/metrics"
)

// Options is the table of all options, for whoever documents them.
func Options() plugins.Table { return new(Config).table() }

// table is the options, bound to the fields of c. A row is all that an option
// needs to be read, logged and documented; what several options say together is
// checked by ReadConfig.
//
// Odd values are taken where the plugin that users come from started with them,
// or its fork with the sizes of aggregates did: an upgrade must not stop
// anybody's logging. Both took every boolean but "true" for false, numbers
// without an upper bound, and texts unseen.
func (c *Config) table() plugins.Table {
	return slices.Concat(c.streamOptions(), c.recordOptions(), c.aggregationOptions(),
		c.addressOptions(), c.credentialOptions(), c.connectionOptions(), c.deliveryOptions(), c.metricsOptions())
}

func (c *Config) streamOptions() plugins.Table {
	const group = "the stream"
	return plugins.Table{{
		Name: "region", Group: group, Value: plugins.Parsed(&c.Region, parseRegion),
		Must: "the stream's AWS region, such as us-west-2", Odd: plugins.TakenWith("endpoint"),
		Help:    "The stream's AWS region. May be left out where `stream` is an ARN.",
		Example: "us-west-2",
	}, {
		Name: "stream", Group: group, Value: plugins.Parsed(&c.Stream, parseStream),
		Must: "the name of the Kinesis data stream, or its ARN", Odd: plugins.TakenWith("endpoint"),
		Help:    "The stream's name, its ARN, which the stream of another account needs (see [Permissions](security.md#permissions)), or a template that makes the name for each record: see [A stream for each record](delivery.md#a-stream-for-each-record).",
		Example: "app-logs",
	}, {
		Name: "stream_default", Group: group, Value: plugins.Parsed(&c.StreamDefault, parseStreamName), Odd: plugins.TakenWith("endpoint"),
		Help:    "Where `stream` is a template: the stream for records that it makes no name for. Without it, these are dropped.",
		Example: "app-others",
	}, {
		Name: "streams_maximum", Group: group, Value: plugins.Int(&c.StreamsMaximum, 1, mostStreams), Default: "64",
		Help:    "Where `stream` is a template: how many streams there may be at a time, 1 to 10,000.",
		Example: "200",
	}}
}

// mostStreams bounds what is kept for each stream of a template.
const mostStreams = 10_000

func (c *Config) recordOptions() plugins.Table {
	const group = "what is in a record"
	r := &c.Record
	return plugins.Table{{
		Name: "time_key", Group: group, Value: plugins.Word(&r.TimeKey),
		Help:    "Adds the event's time under this key; a field of that name is replaced.",
		Example: "time",
	}, {
		Name: "time_key_format", Group: group, Value: plugins.Parsed(&r.TimeFormat, parseTimeFormat),
		Default: "%Y-%m-%dT%H:%M:%S", Odd: plugins.TakenWithout("time_key"), Needs: []string{"time_key"},
		Help:    "How that time is written: strftime, and `%L` milliseconds, `%f` microseconds, `%N` nanoseconds or as many digits as in `%3N`, `%s` Unix seconds, `%:z` the offset as `+01:00`, and the flags of GNU date, such as `%-d` and `%^a`. The time zone is that of the process (`TZ`).",
		Example: "%Y-%m-%dT%H:%M:%S.%3N%:z",
	}, {
		Name: "tag_key", Group: group, Value: plugins.Word(&r.TagKey),
		Help:    "Adds the event's tag under this key; a field of that name is replaced.",
		Example: "tag",
	}, {
		Name: "metadata_key", Group: group, Value: plugins.Word(&r.MetadataKey),
		Help:    "Adds the event's metadata, such as the attributes of OpenTelemetry, as a map under this key; a field of that name is replaced.",
		Example: "metadata",
	}, {
		Name: "group_key", Group: group, Value: plugins.Word(&r.GroupKey),
		Help:    "Adds what the events of a group have in common, such as the resource and the scope of OpenTelemetry, as a map under this key; a field of that name is replaced.",
		Example: "group",
	}, {
		Name: "partition_key", Group: group, Value: plugins.Parsed(&r.PartitionKey, parsePartitionKey), Odd: plugins.Taken,
		Help:    "The key whose value is the record's partition key, or a path of keys. Records with one partition key go to one shard. Without it, each record gets a random one.",
		Example: "kubernetes->pod_name",
	}, {
		Name: "explicit_hash_key", Group: group, Value: plugins.Parsed(&r.HashKey, parseHashKey),
		Help:    "The key, or path of keys, whose value says where in the stream's range of hash keys the record goes, in place of the partition key's hash: a decimal number below 2^128, as text or integer. See [ordering and placing](records.md#ordering-and-placing).",
		Example: "tenant->hash",
	}, {
		Name: "data_keys", Group: group, Value: plugins.List(&r.DataKeys), Odd: plugins.Taken,
		Help:    "Top-level keys, separated by commas: only these are sent, and what `time_key`, `tag_key`, `metadata_key` and `group_key` add. Without it, all are.",
		Example: "log, stream",
	}, {
		Name: "skip_empty", Group: group, Value: plugins.Bool(&r.SkipEmpty), Default: "false",
		Help:    "Makes no record of an event of which `data_keys` leaves nothing, nor of one without fields.",
		Example: "true",
	}, {
		Name: "replace_dots", Group: group, Value: plugins.Text(&r.ReplaceDots),
		Help:    "Replaces each `.` in every key, at every depth.",
		Example: "_",
	}, {
		Name: "log_key", Group: group, Value: plugins.Word(&r.LogKey),
		Help:    "Sends the value of this key alone in place of the JSON of the whole event.",
		Example: "log",
	}, {
		Name: "append_newline", Group: group, Value: plugins.Bool(&r.AppendNewline), Default: "false", Odd: plugins.Taken,
		Help:    "Ends each record with a newline. Implied by `simple_aggregation`.",
		Example: "true",
	}, {
		Name: "maximum_record_size", Group: group, Default: "1M",
		Value:   plugins.Size(&r.MaximumSize, wire.MaxRecordBytes, wire.MaxLargeBytes),
		Help:    "The most bytes of a record with its partition key, 1M to 10M: longer ones are cut. More than 1M is for streams whose own limit has been raised. See [Large records](delivery.md#large-records).",
		Example: "10M",
	}, {
		Name: "compression", Group: group, Value: plugins.Parsed(&c.Compression, formatParser(compress.Formats()...)), Default: "none",
		Help:    "Compresses each record by itself, with `simple_aggregation` what is joined as a whole: `gzip`, `zlib`, `zstd`, `snappy`, or `none`; any case.",
		Example: "gzip",
	}, {
		Name: "compression_level", Group: group, Value: levelValue{&c.CompressionLevel, &c.Compression, ownLevels}, Shown: "the format's",
		Help:    "gzip and zlib 1 to 9 (6), zstd 1 to 22 (1): higher is smaller and slower. zstd from 10 on takes 36 MB for each compressor.",
		Example: "3",
	}}
}

func (c *Config) aggregationOptions() plugins.Table {
	const group = "several log records in one"
	needs, either := []string{"aggregation"}, []string{"aggregation or simple_aggregation"}
	return plugins.Table{{
		Name: "aggregation", Group: group, Value: plugins.Bool(&c.Aggregation), Default: "false", Odd: plugins.Taken,
		Help:    "Packs many log records into each Kinesis record, in the format of the KPL.",
		Example: "true",
	}, {
		Name: "simple_aggregation", Group: group, Value: plugins.Bool(&c.SimpleAggregation), Default: "false", Odd: plugins.Taken,
		Help:    "Joins many log records to one Kinesis record, as lines that end in newlines: see [Lines joined](records.md#lines-joined). Not with `aggregation`.",
		Example: "true",
	}, {
		Name: "aggregation_maximum_record_size", Group: group, Needs: either,
		Value:   plugins.Size(&c.AggregationMaximumRecordSize, minAggregateBytes, wire.MaxRecordBytes),
		Default: "1M", Odd: plugins.Taken,
		Help:    "The most bytes of an aggregate, or of what is joined, with its partition key: 1k to 1M. Sizes are plain numbers of bytes, or `k`, `KB`, `M`, `MB` (1024 and its square).",
		Example: "256k",
	}, {
		Name: "skip_aggregation_record_size", Group: group, Needs: either,
		Value:   plugins.Size(&c.SkipAggregationRecordSize, 0, wire.MaxRecordBytes),
		Default: "20K", Odd: plugins.Taken,
		Help:    "A record of so many bytes or more travels alone: every one with 0, none with the former or more. The former where that is less than 20K.",
		Example: "50k",
	}, {
		Name: "aggregation_shard_map", Group: group, Needs: needs,
		Value: plugins.Bool(&c.AggregationShardMap), Default: "false",
		Help:    "With `partition_key` or `explicit_hash_key`: packs by shard, so that each log record goes to the shard that its own key asks for. Needs `kinesis:ListShards`.",
		Example: "true",
	}, {
		Name: "aggregation_compression", Group: group, Needs: needs,
		Value:   plugins.Parsed(&c.AggregationCompression, parseAggregationCompression),
		Default: "none",
		Help:    "Compresses the closed aggregate as a whole: `gzip`, `zstd`, or `none` (also `noop`). For consumers of your own: the KCL and Firehose cannot read these.",
		Example: "zstd",
	}, {
		Name: "aggregation_compression_level", Group: group, Needs: needs,
		Value: levelValue{&c.AggregationCompressionLevel, &c.AggregationCompression, aggregateLevels},
		Shown: "the format's", Odd: plugins.Taken,
		Help:    "gzip 1 to 9 (6), or 0, which is taken for 1; zstd 1 to 4 (1), which are 1, 3, 6 and 10 of `compression_level`.",
		Example: "3",
	}}
}

func (c *Config) addressOptions() plugins.Table {
	const group = "how it gets there"
	return plugins.Table{{
		Name: "endpoint", Group: group, Value: plugins.Parsed(&c.Endpoint, parseAddress), Odd: plugins.Taken,
		Below:   []string{"AWS_ENDPOINT_URL_KINESIS", "AWS_ENDPOINT_URL"},
		Help:    "The address of Kinesis, in place of the region's own: a VPC endpoint, or a simulator. `https://` if no scheme is given.",
		Example: "https://kinesis.internal",
	}, {
		Name: "sts_endpoint", Group: group, Value: plugins.Parsed(&c.STSEndpoint, parseAddress), Odd: plugins.Taken,
		Below:   []string{"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"},
		Help:    "The address of STS, for roles.",
		Example: "https://sts.internal",
	}}
}

func (c *Config) credentialOptions() plugins.Table {
	const group = "how it gets there"
	needs := []string{"role_arn"}
	return plugins.Table{{
		Name: "profile", Group: group, Value: plugins.Parsed(&c.Profile, parseProfile),
		Help:    "The profile of `~/.aws/credentials` and `~/.aws/config` that this output has its credentials from, and from nowhere else. Without it, those of the [default chain](security.md#credentials).",
		Example: "logs",
	}, {
		Name: "EKS_POD_EXECUTION_ROLE", Env: true, Value: plugins.Parsed(&c.PodRoleARN, parseRoleARN), Odd: plugins.TakenWith("sts_endpoint"),
	}, {
		Name: "role_arn", Group: group, Value: plugins.Parsed(&c.RoleARN, parseRoleARN), Odd: plugins.TakenWith("sts_endpoint"),
		Help:    "A role to assume for the stream.",
		Example: "arn:aws:iam::123456789012:role/logs",
	}, {
		Name: "external_id", Group: group, Value: plugins.Parsed(&c.ExternalID, parseExternalID), Needs: needs, Secret: true,
		Help:    "The external ID that the trust policy of `role_arn` asks for (`sts:ExternalId`). It is not logged.",
		Example: "app-logs-7d1f",
	}, {
		Name: "role_session_name", Group: group, Value: plugins.Parsed(&c.RoleSessionName, parseSessionName), Needs: needs,
		Help:    "The name of the session of `role_arn`, as CloudTrail and policies see it: 2 to 64 of the characters `a-z A-Z 0-9 _ + = , . @ -`. Without it, a number.",
		Example: "fluent-bit",
	}, {
		Name: "role_duration", Group: group, Value: plugins.Parsed(&c.RoleDuration, parseRoleDuration), Default: "15m", Needs: needs,
		Help:    "How long a session of `role_arn` lasts before a new one is begun: seconds, or a duration, from 15m to 12h. 1h at most where the role is assumed with the credentials of another.",
		Example: "1h",
	}}
}

func (c *Config) connectionOptions() plugins.Table {
	const group = "how it gets there"
	return plugins.Table{{
		Name: "http_request_timeout", Group: group, Value: plugins.Seconds(&c.HTTPRequestTimeout), Default: "0", Odd: plugins.Taken,
		Help:    "Seconds that one HTTP request may take, as a whole number. With 0, it is given up when its answer is not there a minute after it was sent.",
		Example: "30",
	}, {
		Name: "wire_format", Group: group, Value: plugins.Choice(&c.WireFormat, wire.Auto, wire.JSON, wire.CBOR), Default: wire.Auto,
		Help:    "How requests are written: `json`, or `cbor`, which has a quarter fewer bytes to hash and to send. `auto` is `cbor` for AWS's own addresses, and `json` for any other `endpoint`: see [CBOR and JSON](delivery.md#cbor-and-json).",
		Example: "json",
	}}
}

func (c *Config) deliveryOptions() plugins.Table {
	const group = "how it gets there"
	return plugins.Table{{
		Name: "requests_in_flight", Group: group, Value: plugins.Int(&c.RequestsInFlight, 1, 64), Default: "32",
		Help:    "How many requests of the instance, or of each of its streams, may be under way at once, at most, by all workers together: 1 to 64. The memory of their bodies is 24 MiB together at most, unless one alone takes more.",
		Example: "20",
	}, {
		Name: "delivery_timeout", Group: group, Value: plugins.Parsed(&c.DeliveryTimeout, parseTimeout), Default: "30",
		Help:    "How long a flush goes on trying while the stream accepts nothing at all, before the chunk is handed back: seconds, or a duration, up to 24h. With 0, each request is sent once, at once, and what fails goes back. On Fluent Bit's only thread 5s at most.",
		Example: "2m",
	}, {
		Name: "ledger_file", Group: group, Value: plugins.Word(&c.LedgerFile),
		Help:    "A file in which the plugin keeps what the stream has of chunks that are not finished, so that nothing is sent twice across restarts: see [Across restarts](delivery.md#across-restarts). Made where there is none; its folder must be there. For `storage.type filesystem`.",
		Example: "/var/lib/fluent-bit/kinesis.ledger",
	}, {
		Name: "SEND_FAILURE_TIMEOUT", Env: true, Value: plugins.Duration(&c.SendFailureTimeout), Default: "0", Odd: plugins.Taken,
	}, {
		Name: "experimental_concurrency", Group: group, Value: plugins.Int(&c.Concurrency, 0, 10), Default: "0",
		Help:    "How many flushes are sent in the background at once, 0 to 10; 0 sends them before Fluent Bit is answered. Can lose records: see [Delivery](delivery.md).",
		Example: "0",
	}, {
		Name: "experimental_concurrency_retries", Group: group, Needs: []string{"experimental_concurrency"},
		Value:   plugins.Int(&c.ConcurrencyRetries, 0, maxConcurrencyRetries),
		Default: "4", Odd: plugins.Taken,
		Help:    "How often the background tries again before the records are lost: 0 to 10,000.",
		Example: "10",
	}}
}

func (c *Config) metricsOptions() plugins.Table {
	const group = "how it is watched"
	return plugins.Table{{
		Name: "metrics_listen", Group: group, Value: plugins.Parsed(&c.MetricsListen, metrics.ParseAddress),
		Help:    "An address and a port at which the plugin serves its metrics for Prometheus, under `/metrics`: see [Metrics](metrics.md). Outputs that name the same one share it. With port 0 it is one that is free, which the log names.",
		Example: "127.0.0.1:2021",
	}}
}
