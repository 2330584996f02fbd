package kinesis

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/kinesis/record"
	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/plugins"
)

// Config is what an instance of the output is set to do. ReadConfig makes it
// of the options; nothing changes it afterwards.
type Config struct {
	Region string
	Stream string // a name or an ARN, or where Record.Stream is set the template's text

	StreamDefault  string // for records that the template makes no name for; "" for none
	StreamsMaximum int    // destinations at a time, with a template

	Record record.Options // what becomes of an event

	// Addresses with a scheme and without a trailing slash, "" for the usual
	// ones.
	Endpoint    string
	STSEndpoint string

	Profile string // of the shared files, "" for the default chain of credentials

	// Roles to assume, one with the credentials of the other, "" for none.
	PodRoleARN string // the first
	RoleARN    string // the second

	// What is said to assume the second.
	ExternalID      string // "" for none
	RoleSessionName string // "" for a number
	RoleDuration    time.Duration

	HTTPRequestTimeout time.Duration // of one HTTP call, 0 for none

	Aggregation                  bool // in the format of the KPL
	SimpleAggregation            bool // lines, joined; not with Aggregation
	AggregationMaximumRecordSize int  // bytes of an aggregate with its partition key
	SkipAggregationRecordSize    int  // bytes from which on a record travels alone
	AggregationShardMap          bool
	AggregationCompression       compress.Format // None, Gzip or Zstd
	AggregationCompressionLevel  int             // as CompressionLevel

	Compression      compress.Format
	CompressionLevel int // compress.DefaultLevel where the format has none

	DeliveryTimeout    time.Duration // for which nothing of the stream may be accepted before a chunk is handed back
	RequestsInFlight   int           // of a stream, at a time
	SendFailureTimeout time.Duration // 0 for none
	LedgerFile         string        // that the ledger is kept in, "" for memory alone

	Concurrency        int // flushes sent in the background at a time, 0 for none
	ConcurrencyRetries int // attempts after the first in the background

	WireFormat string // wire.JSON, wire.CBOR or wire.Auto

	MetricsListen string // as metrics.ParseAddress has it, "" for nowhere

	// Warnings are remarks on options that do not do what they seem to.
	Warnings []string
}

// ReadConfig reads the options of an instance, and those that come from the
// environment. The settings are the options as they take effect, for the log;
// no credentials are among them. The error joins all mistakes, each of which
// names the option, its value and what would be valid.
func ReadConfig(source plugins.Source, getenv func(string) string) (Config, []plugins.Setting, error) {
	c := Config{CompressionLevel: compress.DefaultLevel, AggregationCompressionLevel: compress.DefaultLevel}
	table := c.table()
	o := plugins.ReadOptions(table, withRegionOfARN(source), environment(getenv))
	c.checkRegion(o)
	c.checkStreams(o)
	c.checkRecord(o, getenv)
	c.checkProfile(o)
	c.checkAggregation(o)
	c.checkLevels(o)
	c.checkConcurrency(o)
	if unknown := table.Unknown(source, elsewhere); len(unknown) > 0 {
		o.Warn("options that this plugin does not have, and that do nothing: %s", strings.Join(unknown, "; "))
	}
	c.Warnings = o.Warnings()
	return c, o.Settings(), o.Err()
}

// environment is what options are read from beside their own source.
func environment(getenv func(string) string) plugins.Source {
	return plugins.SourceFunc(func(name string) string {
		if strings.HasPrefix(name, "AWS_ENDPOINT_URL") && strings.EqualFold(getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), "true") {
			return ""
		}
		return getenv(name)
	})
}

// mostNamed is how many profiles a message names.
const mostNamed = 10

// checkProfile refuses a profile where there are others and not this one. Files
// that have none yet may still be to come.
func (c *Config) checkProfile(o *plugins.Options) {
	if c.Profile == "" {
		return
	}
	if known := service.Profiles(); len(known) > 0 && !slices.Contains(known, c.Profile) {
		o.Refuse("profile", c.Profile, fmt.Sprintf("must be a profile that has credentials in %s, such as %s",
			service.SharedFiles(), strings.Join(known[:min(len(known), mostNamed)], ", ")))
	}
}

func (c *Config) checkRecord(o *plugins.Options, getenv func(string) string) {
	r := &c.Record
	checkAddedKeys(r, o)
	if r.LogKey != "" && !logKeyCanExist(r) {
		o.Refuse("log_key", r.LogKey, "no record would have this key: log_key is looked up in what data_keys and replace_dots have left of a record and time_key, tag_key, metadata_key and group_key have added, so it must be one of those keys, with its dots replaced")
	}
	tz := getenv("TZ")
	if r.TimeKey != "" && plugins.CheckTimeZone(tz) != nil {
		o.Warn("TZ = %q names no time zone that is known here, so the times of time_key are not in it; valid is a name such as Europe/Berlin, where the system has the time zones", tz)
	}
}

// maxConcurrencyRetries is hours of attempts. Times the longest
// http_request_timeout it is still a time.Duration.
const maxConcurrencyRetries = 10_000

func (c *Config) checkConcurrency(o *plugins.Options) {
	if c.Concurrency == 0 {
		return
	}
	if c.LedgerFile != "" {
		o.Warn("ledger_file has no effect with experimental_concurrency, which answers Fluent Bit before the records are sent")
		c.LedgerFile = ""
	}
	o.Warn("experimental_concurrency = %d: records that do not get through in %d attempts are lost; Fluent Bit's own option workers has no such risk",
		c.Concurrency, c.ConcurrencyRetries+1)
}
