package test

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// refused is values that stop the start, option by option. valid is what the
// message must say would be.
var refused = []struct {
	option string
	with   options // others that are set beside it
	values []string
	valid  string
}{
	{"region", nil, []string{"us east 1", "US-EAST-1", "-"}, "must be the name of an AWS region"},
	{"stream", nil, []string{"a b", "ü", strings.Repeat("s", 129)}, "must be 1 to 128 of the characters"},
	{"stream", nil, []string{"arn:aws:kinesis:us-west-2:123456789012:stream/logs"}, "not its ARN"},
	{"partition_key", nil, []string{"log", " log "}, "must not be log"},
	{"partition_key", nil, []string{"a->", "->b", "a->->b"}, "must be a key or a path of keys"},
	{"data_keys", nil, []string{",", "a,,b", "a, "}, "must be names separated by commas"},
	{"log_key", options{"data_keys": "a,b"}, []string{"log"}, "no record would have this key"},
	{"log_key", options{"replace_dots": "_"}, []string{"a.b"}, "no record would have this key"},
	{"time_key_format", options{"time_key": "t"}, []string{"%Q", "%Y-%", "%-"}, "must be a strftime pattern"},
	{"append_newline", nil, []string{"maybe", "2", "truee"}, "must be true or false"},
	{"endpoint", nil, []string{"ftp://host", "https://", "https://user:secret@host", "http://host?x=1", "http://a b"}, "must be an address"},
	{"sts_endpoint", nil, []string{"ftp://host", "https://host#x"}, "must be an address"},
	{"role_arn", nil, []string{"logs", "arn:aws:iam::12:role/x", "arn:aws:iam::123456789012:user/x"}, "must be the ARN of a role"},
	{"http_request_timeout", nil, []string{"5s", "-1", "1.5", "86401", "soon"}, "must be a whole number of seconds"},
	{"delivery_timeout", nil, []string{"-1", "-1s", "86401", "25h", "soon"}, `must be a number of seconds, or a duration such as "30s" or "5m", up to 24h`},
	{"requests_in_flight", nil, []string{"0", "65", "many"}, "must be a whole number from 1 to 64"},
	{"experimental_concurrency", nil, []string{"-1", "11", "x"}, "must be a whole number from 0 to 10"},
	{"experimental_concurrency_retries", options{"experimental_concurrency": "1"}, []string{"-1", "x"}, "must be a whole number from 0"},
	{"aggregation", nil, []string{"si"}, "must be true or false"},
	{"aggregation_maximum_record_size", options{"aggregation": "on"}, []string{"2M", "1G", "-1", "10"}, "must be a size"},
	{"skip_aggregation_record_size", options{"aggregation": "on"}, []string{"20 kilo", "0", "2M"}, "must be a size"},
	{"skip_aggregation_record_size", options{"aggregation": "on", "aggregation_maximum_record_size": "50K"}, []string{"50K", "60k"}, "must be below aggregation_maximum_record_size"},
	{"aggregation_shard_map", options{"aggregation": "on"}, []string{"-"}, "must be true or false"},
	{"aggregation_compression", options{"aggregation": "on"}, []string{"snappy", "lz4"}, "must be one of none, gzip, zstd"},
	{"compression", nil, []string{"lz4", "gz"}, "must be one of none, gzip, zlib, zstd, snappy"},
	{"compression_level", options{"compression": "gzip"}, []string{"10", "best"}, "must be a whole number from 1 to 9"},
	{"wire_format", nil, []string{"xml"}, "must be one of json, cbor"},
}

func TestAnOptionThatCannotBeReadStopsTheStart(t *testing.T) {
	s := runStream(t, kinesistest.Options{})
	for _, x := range refused {
		for _, value := range x.values {
			t.Run(x.option+" "+value, func(t *testing.T) {
				section := options{x.option: value}
				maps.Copy(section, x.with)
				mistakes := refusedStart(t, s, flbhost.Config{}, section).texts("error")
				require.Len(t, mistakes, 1)
				require.Contains(t, mistakes[0], "[kinesis 0] cannot start: "+x.option+" = ")
				require.Contains(t, mistakes[0], x.valid)
				require.NotContains(t, mistakes[0], "secret", "the user and password of an address are not logged")
			})
		}
	}
}

func TestAnEnvironmentVariableThatCannotBeReadStopsTheStart(t *testing.T) {
	s := runStream(t, kinesistest.Options{})
	for _, x := range []struct{ name, value, valid string }{
		{"SEND_FAILURE_TIMEOUT", "30", "must be a duration"},
		{"SEND_FAILURE_TIMEOUT", "soon", "must be a duration"},
		{"SEND_FAILURE_TIMEOUT", "-5m", "must be a duration"},
		{"EKS_POD_EXECUTION_ROLE", "my-role", "must be the ARN of a role"},
	} {
		t.Run(x.name+" "+x.value, func(t *testing.T) {
			mistakes := refusedStart(t, s, flbhost.Config{Env: []string{x.name + "=" + x.value}}).texts("error")
			require.Len(t, mistakes, 1)
			require.Contains(t, mistakes[0], "[kinesis 0] cannot start: "+x.name+` = "`+x.value+`"`)
			require.Contains(t, mistakes[0], x.valid)
		})
	}
}

func TestAnOptionThatMustBeSetStopsTheStartWhereItIsNot(t *testing.T) {
	s := runStream(t, kinesistest.Options{})
	for _, option := range []string{"region", "stream"} {
		for _, value := range []string{"", "  "} {
			t.Run(option+" "+value, func(t *testing.T) {
				mistakes := refusedStart(t, s, flbhost.Config{}, options{option: value}).texts("error")
				require.Len(t, mistakes, 1)
				require.Contains(t, mistakes[0], option+" is not set")
			})
		}
	}
}

func TestAllMistakesAreSaidInOneStart(t *testing.T) {
	s := runStream(t, kinesistest.Options{})
	section := options{"log_key": "none of them", "data_keys": "a"}
	for _, x := range refused {
		if x.with == nil {
			section[x.option] = x.values[0]
		}
	}
	section["time_key_format"] = "%Q"
	section["compression"] = "gzip"
	section["compression_level"] = "10"
	section["data_keys"] = ","
	delete(section, "log_key")
	config := flbhost.Config{Env: []string{"SEND_FAILURE_TIMEOUT=soon", "EKS_POD_EXECUTION_ROLE=x"}}
	mistakes := refusedStart(t, s, config, section).texts("error")

	expected := []string{"SEND_FAILURE_TIMEOUT", "EKS_POD_EXECUTION_ROLE"}
	for option := range section {
		if option != "compression" {
			expected = append(expected, option)
		}
	}
	for _, option := range expected {
		named := 0
		for _, mistake := range mistakes {
			if strings.Contains(mistake, "cannot start: "+option+" = ") {
				named++
			}
		}
		require.Equal(t, 1, named, "lines that name %s in:\n%s", option, strings.Join(mistakes, "\n"))
	}
	require.Len(t, mistakes, len(expected), "a line for each mistake")
}

func TestARefusedInstanceStopsTheStartOfThoseBeforeIt(t *testing.T) {
	s := runStream(t, kinesistest.Options{})
	log := refusedStart(t, s, flbhost.Config{}, options{}, options{"append_newline": "perhaps"})
	require.Len(t, log.texts("error"), 1)
	requireLine(t, log, "error", `[kinesis 1] cannot start: append_newline = "perhaps"`)
	requireLine(t, log, "info", "[kinesis 0] at exit: ")
}

func TestBooleansAreReadInEveryWayThatPeopleWriteThem(t *testing.T) {
	values := map[string]string{"": "false"}
	for _, yes := range []string{"true", "True", "TRUE", "on", "On", "yes", "YES", "1", " true "} {
		values[yes] = "true"
	}
	for _, no := range []string{"false", "False", "off", "OFF", "no", "No", "0"} {
		values[no] = "false"
	}
	var sections []options
	var want []string
	for value, effective := range values {
		sections = append(sections, options{"append_newline": value})
		want = append(want, "append_newline = "+effective)
	}
	s := setStage(t, kinesistest.Options{}, flbhost.Config{}, sections...)
	log := logOf(s.host)
	for i := range sections {
		requireLine(t, log, "info", "[kinesis "+decimal(i)+"] "+want[i])
	}
}
