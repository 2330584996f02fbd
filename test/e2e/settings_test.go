//go:build e2e

package e2e

import (
	"maps"
	"strings"
	"testing"
)

type options = map[string]string

// The wire formats, for each of which there are settings.
const (
	inJSON = "json"
	inCBOR = "cbor"
	inAuto = "auto" // which is JSON where the simulator is reached by its own address
)

// A setting is how the plugin is set, and what that makes of an event.
type setting struct {
	wire    string // wire_format
	name    string
	http    bool // plain HTTP instead of TLS
	options options
	data    func(t *testing.T, e *event) string // of an event's record
}

const podKey = "kubernetes->pod_name"

var settings = []setting{
	{inJSON, "defaults", false, options{}, whole},
	{inCBOR, "defaults", false, options{}, whole},
	{inJSON, "defaults over plain HTTP", true, options{}, whole},
	{inAuto, "defaults", false, options{}, whole},

	{inJSON, "every option of whole records", false, options{
		"partition_key": podKey, "time_key": "event.time", "time_key_format": "%Y-%m-%dT%H:%M:%S.%L",
		"data_keys": "log, kubernetes, n", "replace_dots": "_", "append_newline": "true",
	}, chosen},
	{inCBOR, "partition_key", false, options{"partition_key": podKey}, whole},
	{inJSON, "log_key", true, options{"partition_key": podKey, "log_key": "log"}, line},

	{inJSON, "gzip", false, options{"compression": "gzip"}, whole},
	{inCBOR, "zlib", false, options{"compression": "zlib"}, whole},
	{inJSON, "zstd", false, options{"compression": "zstd"}, whole},
	{inCBOR, "snappy over plain HTTP", true, options{"compression": "snappy"}, whole},

	{inJSON, "aggregation", false, options{"aggregation": "true"}, whole},
	{inCBOR, "aggregation and partition_key", false, options{"aggregation": "true", "partition_key": podKey}, whole},
	{inJSON, "aggregation by shard", false, options{
		"aggregation": "true", "partition_key": podKey, "aggregation_shard_map": "true"}, whole},
	{inCBOR, "aggregation by shard over plain HTTP", true, options{
		"aggregation": "true", "partition_key": podKey, "aggregation_shard_map": "true"}, whole},
	{inCBOR, "small aggregates of gzip records", false, options{
		"aggregation": "true", "aggregation_maximum_record_size": "50k", "partition_key": podKey, "compression": "gzip"}, whole},
	{inJSON, "aggregates compressed by gzip", false, options{
		"aggregation": "true", "partition_key": podKey, "aggregation_compression": "gzip"}, whole},
	{inCBOR, "aggregates by shard compressed by zstd", false, options{
		"aggregation": "true", "partition_key": podKey, "aggregation_shard_map": "true", "aggregation_compression": "zstd"}, whole},

	{inJSON, "joined lines", false, options{"simple_aggregation": "true"}, whole},
	{inCBOR, "small records of joined lines by gzip", false, options{
		"simple_aggregation": "true", "aggregation_maximum_record_size": "50k", "compression": "gzip"}, whole},
	{inJSON, "joined lines by partition_key and zstd", true, options{
		"simple_aggregation": "true", "partition_key": podKey, "compression": "zstd"}, whole},
	{inCBOR, "joined lines by partition_key and snappy", false, options{
		"simple_aggregation": "true", "partition_key": podKey, "compression": "snappy"}, whole},

	{inJSON, "one request at a time", false, options{"partition_key": podKey, "requests_in_flight": "1"}, whole},
	{inCBOR, "in the background", false, options{"partition_key": podKey, "experimental_concurrency": "2"}, whole},
}

// settingsOfFew are those of which a few records say enough.
var settingsOfFew = []setting{
	{inJSON, "by ARN", false, options{"stream": arnOf("json-by-ARN")}, whole},
	{inCBOR, "by shard and ARN", false, options{"stream": arnOf("cbor-by-shard-and-ARN"),
		"aggregation": "true", "partition_key": podKey, "aggregation_shard_map": "true"}, whole},

	{inJSON, "explicit_hash_key", false, options{"explicit_hash_key": "place", "partition_key": podKey}, whole},
	{inCBOR, "explicit_hash_key under random keys", false, options{"explicit_hash_key": "place"}, whole},
	{inCBOR, "explicit_hash_key by shard", false, options{"explicit_hash_key": "place",
		"aggregation": "true", "partition_key": podKey, "aggregation_shard_map": "true"}, whole},
}

// arnOf is the ARN of a stream of the simulator's own account.
func arnOf(stream string) string {
	return "arn:aws:kinesis:" + region + ":000000000000:stream/" + stream
}

// settingsIn is the settings with this wire format.
func settingsIn(wire string) (of []setting) {
	for _, x := range settings {
		if x.wire == wire {
			of = append(of, x)
		}
	}
	return of
}

func (x *setting) endpoint(s *simulator) string {
	if x.http {
		return s.http
	}
	return s.https
}

// stream is the name of the stream that the records go to.
func (x *setting) stream() string { return x.wire + "-" + strings.ReplaceAll(x.name, " ", "-") }

// section is all options.
func (x *setting) section() options {
	section := options{"wire_format": x.wire}
	maps.Copy(section, x.options)
	return section
}

func (x *setting) asks(option string) bool { return x.options[option] == "true" }

// shards is how many the stream has. What a request takes the simulator grows
// with the number of records that lie on a shard.
func (x *setting) shards() int {
	if x.asks("aggregation") {
		return 4
	}
	return 64
}

// keyed tells whether records have partition keys of their own.
func (x *setting) keyed() bool { return x.options["partition_key"] != "" }

// placed tells whether records go where a field of theirs says.
func (x *setting) placed() bool { return x.options["explicit_hash_key"] != "" }

// ordered tells whether the records of a partition key lie on one shard.
func (x *setting) ordered() bool {
	return x.keyed() && !x.placed() && (!x.asks("aggregation") || x.asks("aggregation_shard_map"))
}

// whole is the record of an event as it stands.
func whole(t *testing.T, e *event) string { return jsonOf(t, e) }

// line is the record of an event whose log line alone is sent.
func line(_ *testing.T, e *event) string { return e.Log }

// chosen is the record of an event under every option of whole records.
func chosen(t *testing.T, e *event) string {
	return jsonOf(t, struct {
		N          int        `json:"n"`
		Log        string     `json:"log"`
		Kubernetes kubernetes `json:"kubernetes"`
		Time       string     `json:"event_time"`
	}{
		e.N, e.Log,
		kubernetes{e.Kubernetes.Pod, map[string]string{dotlessName: e.Kubernetes.Labels[label]}},
		e.at.Format("2006-01-02T15:04:05.000"),
	}) + "\n"
}
