package kinesis

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/kinesis/record"
	"fluent-bit-kinesis/kinesis/wire"
	"fluent-bit-kinesis/plugins"
)

// Config is what an instance of the output is set to do. ReadConfig makes it
// of the options; nothing changes it afterwards.
type Config struct {
	Region string
	Stream string

	Record record.Options // what becomes of an event

	// Addresses with a scheme and without a trailing slash, "" for the usual
	// ones.
	Endpoint    string
	STSEndpoint string

	// Roles to assume, one with the credentials of the other, "" for none.
	PodRoleARN string // the first
	RoleARN    string // the second

	HTTPRequestTimeout time.Duration // of one HTTP call, 0 for none

	Aggregation                  bool
	AggregationMaximumRecordSize int // bytes of an aggregate with its partition key
	SkipAggregationRecordSize    int // bytes from which on a record travels alone
	AggregationShardMap          bool
	AggregationCompression       compress.Format // None, Gzip or Zstd

	Compression      compress.Format
	CompressionLevel int // compress.DefaultLevel where the format has none

	DeliveryTimeout    time.Duration // for which nothing of the stream may be accepted before a chunk is handed back
	RequestsInFlight   int           // of the instance, at a time
	SendFailureTimeout time.Duration // 0 for none
	LedgerFile         string        // that the ledger is kept in, "" for memory alone

	Concurrency        int // flushes sent in the background at a time, 0 for none
	ConcurrencyRetries int // attempts after the first in the background

	WireFormat string // wire.JSON or wire.CBOR

	// Warnings are remarks on options that do not do what they seem to.
	Warnings []string
}

// ReadConfig reads the options of an instance, and those that come from the
// environment. The settings are the options as they take effect, for the log;
// no credentials are among them. The error joins all mistakes, each of which
// names the option, its value and what would be valid.
func ReadConfig(source plugins.Source, getenv func(string) string) (Config, []plugins.Setting, error) {
	o := plugins.NewOptions(source)
	env := o.From(plugins.SourceFunc(getenv))
	c := Config{}
	c.readStream(o)
	c.readRecord(o)
	if c.Record.TimeKey != "" {
		warnOfTimeZone(o, getenv("TZ"))
	}
	c.readConnection(o, env)
	c.readAggregation(o)
	c.readCompression(o)
	c.readDelivery(o, env)
	c.readConcurrency(o)
	c.readWireFormat(o)
	c.Warnings = o.Warnings()
	return c, o.Settings(), o.Err()
}

func (c *Config) readStream(o *plugins.Options) {
	c.Region = o.Required("region", "the stream's AWS region, such as us-west-2", parseRegion)
	c.Stream = o.Required("stream", "the name of the Kinesis data stream", parseStream)
}

var (
	regionName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	// The service's rule for StreamName in
	// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html.
	streamName = regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,128}$`)
)

func parseRegion(text string) (string, error) {
	if !regionName.MatchString(text) {
		return "", errors.New("must be the name of an AWS region, such as us-west-2: lower-case letters, digits and single hyphens")
	}
	return text, nil
}

func parseStream(text string) (string, error) {
	if streamName.MatchString(text) {
		return text, nil
	}
	why := "must be 1 to 128 of the characters a-z, A-Z, 0-9, _ . -"
	if strings.HasPrefix(text, "arn:") {
		why += " (the stream's name, not its ARN)"
	}
	return "", errors.New(why)
}

// defaultTimeFormat is that of time_key_format.
const defaultTimeFormat = "%Y-%m-%dT%H:%M:%S"

func (c *Config) readRecord(o *plugins.Options) {
	r := &c.Record
	r.TimeKey = o.String("time_key", "")
	r.TimeFormat = readTimeFormat(o)
	r.PartitionKey = plugins.Read(o, "partition_key", nil, parsePartitionKey)
	r.DataKeys = o.List("data_keys")
	r.ReplaceDots = o.Text("replace_dots")
	r.LogKey = o.String("log_key", "")
	r.AppendNewline = o.Bool("append_newline", false)
	r.MaximumSize = wire.MaxRecordBytes

	if r.TimeKey == "" {
		warnUnused(o, "time_key", "time_key_format")
	}
	if r.LogKey != "" && !logKeyCanExist(r) {
		o.Refuse("log_key", r.LogKey, "no record would have this key: log_key is looked up in what data_keys, time_key and replace_dots have left of a record, so it must be one of those keys, with its dots replaced")
	}
}

// warnOfTimeZone says it where TZ does not get what it asks for.
func warnOfTimeZone(o *plugins.Options, tz string) {
	if plugins.CheckTimeZone(tz) != nil {
		o.Warn("TZ = %q names no time zone that is known here, so the times of time_key are not in it; valid is a name such as Europe/Berlin, where the system has the time zones", tz)
	}
}

func readTimeFormat(o *plugins.Options) *plugins.TimeFormat {
	pattern := o.String("time_key_format", defaultTimeFormat)
	format, err := plugins.NewTimeFormat(pattern)
	if err != nil {
		o.Refuse("time_key_format", pattern, err.Error())
	}
	return format
}

// parsePartitionKey reads a key or a path. The key "log" is refused, as ever:
// it holds the text of the line, by which records cannot be grouped.
func parsePartitionKey(text string) (record.KeyPath, error) {
	path := strings.Split(text, record.Arrow)
	for i, key := range path {
		path[i] = strings.TrimSpace(key)
		if path[i] == "" {
			return nil, fmt.Errorf("must be a key or a path of keys such as kubernetes->pod_name, but key %d of %d is empty", i+1, len(path))
		}
	}
	if len(path) == 1 && path[0] == "log" {
		return nil, errors.New("must not be log, the line itself: use a key whose value many records share, such as container_id")
	}
	return path, nil
}

// logKeyCanExist reports whether a record can hold the log key after data_keys
// and replace_dots have been applied.
func logKeyCanExist(r *record.Options) bool {
	replaced := func(key string) string {
		if r.ReplaceDots == "" {
			return key
		}
		return strings.ReplaceAll(key, ".", r.ReplaceDots)
	}
	if len(r.DataKeys) == 0 {
		// A key with a dot is there only if the replacement has the dot.
		return r.ReplaceDots == "" || strings.Contains(r.ReplaceDots, ".") || !strings.Contains(r.LogKey, ".")
	}
	left := append(slices.Clone(r.DataKeys), r.TimeKey)
	return slices.ContainsFunc(left, func(key string) bool { return replaced(key) == r.LogKey })
}

func (c *Config) readConnection(o, env *plugins.Options) {
	c.Endpoint = plugins.Read(o, "endpoint", "", parseAddress)
	c.STSEndpoint = plugins.Read(o, "sts_endpoint", "", parseAddress)
	c.PodRoleARN = plugins.Read(env, "EKS_POD_EXECUTION_ROLE", "", parseRoleARN)
	c.RoleARN = plugins.Read(o, "role_arn", "", parseRoleARN)
	c.HTTPRequestTimeout = o.Seconds("http_request_timeout", 0)
}

// parseAddress reads a URL. Without a scheme it is https, as with the SDK.
func parseAddress(text string) (string, error) {
	address := text
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	switch {
	case err != nil, u.Scheme != "https" && u.Scheme != "http", !plausibleHost(u),
		u.User != nil, u.RawQuery != "", u.ForceQuery, u.Fragment != "":
		return "", errors.New("must be an address such as https://kinesis.us-west-2.amazonaws.com or http://localhost:4567, without a user, a query or a fragment")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// plausibleHost reports whether the URL has a host, and nothing that makes it
// two: a colon belongs to a port or into the brackets of an IPv6 address.
func plausibleHost(u *url.URL) bool {
	host := u.Hostname()
	bracketed := strings.HasPrefix(u.Host, "[")
	return host != "" && (bracketed || !strings.Contains(host, ":")) && !strings.HasSuffix(u.Host, ":")
}

// roleARN is how the ARN of a role looks, in every partition of AWS.
var roleARN = regexp.MustCompile(`^arn:aws[a-z0-9-]*:iam::[0-9]{12}:role/[!-~]+$`)

func parseRoleARN(text string) (string, error) {
	if !roleARN.MatchString(text) {
		return "", errors.New("must be the ARN of a role, such as arn:aws:iam::123456789012:role/name")
	}
	return text, nil
}

const (
	minAggregateBytes     = 1 << 10
	defaultSkipAggregates = 20 << 10
)

func (c *Config) readAggregation(o *plugins.Options) {
	const size, skip = "aggregation_maximum_record_size", "skip_aggregation_record_size"
	c.Aggregation = o.Bool("aggregation", false)
	c.AggregationMaximumRecordSize = o.Size(size, wire.MaxRecordBytes, minAggregateBytes, wire.MaxRecordBytes)
	c.SkipAggregationRecordSize = o.Size(skip, defaultSkipAggregates, 1, wire.MaxRecordBytes)
	c.AggregationShardMap = o.Bool("aggregation_shard_map", false)
	c.AggregationCompression = readFormat(o, "aggregation_compression", compress.None, compress.Gzip, compress.Zstd)

	if c.SkipAggregationRecordSize >= c.AggregationMaximumRecordSize {
		o.Refuse(skip, plugins.FormatSize(c.SkipAggregationRecordSize),
			"must be below "+size+", which is "+plugins.FormatSize(c.AggregationMaximumRecordSize))
	}
	if !c.Aggregation {
		warnUnused(o, "aggregation", size, skip, "aggregation_shard_map", "aggregation_compression")
	} else if len(c.Record.PartitionKey) == 0 {
		warnUnused(o, "partition_key", "aggregation_shard_map")
	}
}

func (c *Config) readCompression(o *plugins.Options) {
	const level = "compression_level"
	c.Compression = readFormat(o, "compression", compress.Formats()...)
	if least, most, def, ok := c.Compression.Levels(); ok {
		c.CompressionLevel = o.Int(level, def, least, most)
		return
	}
	c.CompressionLevel = compress.DefaultLevel
	if o.IsSet(level) {
		least, most, def, _ := compress.Zstd.Levels() // the widest range
		o.Int(level, def, least, most)
		o.Warn("%s has no effect with compression = %v", level, c.Compression)
	}
}

// readFormat reads the name of one of the valid formats, in any case.
func readFormat(o *plugins.Options, name string, valid ...compress.Format) compress.Format {
	return plugins.Read(o, name, compress.None, func(text string) (compress.Format, error) {
		var names []string
		for _, format := range valid {
			if strings.EqualFold(text, format.String()) {
				return format, nil
			}
			names = append(names, format.String())
		}
		return compress.None, errors.New("must be one of " + strings.Join(names, ", "))
	})
}

func (c *Config) readDelivery(o, env *plugins.Options) {
	c.DeliveryTimeout = plugins.Read(o, "delivery_timeout", defaultDeliveryTimeout, parseTimeout)
	c.RequestsInFlight = o.Int("requests_in_flight", 32, 1, 64)
	c.SendFailureTimeout = env.Duration("SEND_FAILURE_TIMEOUT", 0)
	c.LedgerFile = o.String("ledger_file", "")
}

const (
	defaultDeliveryTimeout = 30 * time.Second
	mostDeliveryTimeout    = 24 * time.Hour
)

// parseTimeout reads a number of seconds, or a duration.
func parseTimeout(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if n, isNumber := strconv.Atoi(text); isNumber == nil {
		d, err = time.Duration(min(max(-1, n), int(mostDeliveryTimeout/time.Second)+1))*time.Second, nil
	}
	if err != nil || d < 0 || d > mostDeliveryTimeout {
		return 0, errors.New(`must be a number of seconds, or a duration such as "30s" or "5m", up to 24h`)
	}
	return d, nil
}

// maxConcurrencyRetries is hours of attempts. Times the longest
// http_request_timeout it is still a time.Duration.
const maxConcurrencyRetries = 10_000

func (c *Config) readConcurrency(o *plugins.Options) {
	const retries = "experimental_concurrency_retries"
	c.Concurrency = o.Int("experimental_concurrency", 0, 0, 10)
	c.ConcurrencyRetries = o.Int(retries, 4, 0, maxConcurrencyRetries)
	if c.Concurrency == 0 {
		warnUnused(o, "experimental_concurrency", retries)
		return
	}
	if c.LedgerFile != "" {
		o.Warn("ledger_file has no effect with experimental_concurrency, which answers Fluent Bit before the records are sent")
		c.LedgerFile = ""
	}
	o.Warn("experimental_concurrency = %d: records that do not get through in %d attempts are lost; Fluent Bit's own option workers has no such risk",
		c.Concurrency, c.ConcurrencyRetries+1)
}

func (c *Config) readWireFormat(o *plugins.Options) {
	c.WireFormat = o.Choice("wire_format", wire.JSON, wire.JSON, wire.CBOR)
}

// warnUnused remarks on options that are set but do nothing as another is not.
func warnUnused(o *plugins.Options, without string, names ...string) {
	for _, name := range names {
		if o.IsSet(name) {
			o.Warn("%s has no effect without %s", name, without)
		}
	}
}
