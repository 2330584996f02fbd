package test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

func TestTheLogOfTheStartHasAllOptionsAsTheyTakeEffect(t *testing.T) {
	given := options{
		"region": "eu-central-1", "stream": "logs", "Partition_Key": " kubernetes->pod_name ", "data_keys": "log , stream,kubernetes",
		"log_key": "stream", "time_key": "time", "time_key_format": "%s", "replace_dots": " ", "append_newline": "Yes",
		"sts_endpoint": "localhost:1/", "role_arn": "arn:aws:iam::123456789012:role/logs", "http_request_timeout": "30",
		"aggregation": "on", "aggregation_maximum_record_size": "500KB", "skip_aggregation_record_size": "10240",
		"aggregation_shard_map": "0", "aggregation_compression": "GZIP", "compression": "Zstd", "compression_level": "3",
		"external_id": "7d1f", "role_session_name": "fluent-bit", "role_duration": "1h",
		"delivery_timeout": "45", "requests_in_flight": "20", "experimental_concurrency": "2", "experimental_concurrency_retries": "6",
		"wire_format": "CBOR",
	}
	for _, x := range []struct {
		name  string
		given options
		env   []string
		want  []string
	}{
		{"the defaults", nil, nil, []string{
			"region = us-east-1", "stream = logs", "time_key = (not set)", "time_key_format = %Y-%m-%dT%H:%M:%S", "partition_key = (not set)",
			"tag_key = (not set)", "metadata_key = (not set)", "group_key = (not set)", "skip_empty = false",
			"data_keys = (not set)", "replace_dots = (not set)", "log_key = (not set)", "append_newline = false", "endpoint = https://127.0.0.1:",
			"sts_endpoint = (not set)", "EKS_POD_EXECUTION_ROLE = (not set)", "role_arn = (not set)", "http_request_timeout = 0s",
			"profile = (not set)", "external_id = (not set)", "role_session_name = (not set)", "role_duration = 15m0s",
			"aggregation = false", "aggregation_maximum_record_size = ", "skip_aggregation_record_size = ", "aggregation_shard_map = false",
			"aggregation_compression = none", "compression = none", "delivery_timeout = 30s", "requests_in_flight = 32", "SEND_FAILURE_TIMEOUT = 0s",
			"ledger_file = (not set)", "experimental_concurrency = 0", "experimental_concurrency_retries = 4", "wire_format = auto", "wire_format auto is json here"}},
		{"all that can be given", given, []string{"SEND_FAILURE_TIMEOUT=5m30s", "EKS_POD_EXECUTION_ROLE=arn:aws:iam::123456789012:role/pod"}, []string{
			"region = eu-central-1", "time_key = time", "time_key_format = %s", "partition_key = kubernetes->pod_name",
			"data_keys = log, stream, kubernetes", `replace_dots = " "`, "log_key = stream", "append_newline = true",
			"sts_endpoint = https://localhost:1", "EKS_POD_EXECUTION_ROLE = arn:aws:iam::123456789012:role/pod",
			"role_arn = arn:aws:iam::123456789012:role/logs", "http_request_timeout = 30s",
			"external_id = ***", "role_session_name = fluent-bit", "role_duration = 1h0m0s",
			"aggregation = true", "aggregation_maximum_record_size = 512000", "skip_aggregation_record_size = 10240", "aggregation_shard_map = false",
			"aggregation_compression = gzip", "compression = zstd", "compression_level = 3",
			"delivery_timeout = 45s", "requests_in_flight = 20", "SEND_FAILURE_TIMEOUT = 5m30s",
			"experimental_concurrency = 2", "experimental_concurrency_retries = 6", "wire_format = cbor"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := setStage(t, kinesistest.Options{}, flbhost.Config{Env: x.env}, x.given)
			lines := logOf(s.host)
			requireLine(t, lines, "info", "[kinesis 0] version ")
			for _, want := range x.want {
				requireLine(t, lines, "info", "[kinesis 0] "+want)
			}
		})
	}
}

func TestNoCredentialsAreInTheLogAtAnyLevel(t *testing.T) {
	const key, secret, token = "AKIAOFNOBODY00000001", "a/secret+that+must+not+be+seen", "a+token+that+must+not+be+seen"
	for _, x := range []struct {
		name, code string
		known      []kinesistest.Credentials
	}{
		{"credentials that nobody knows", "UnrecognizedClientException", nil},
		{"another secret, with all that was signed in the answer", "InvalidSignatureException",
			[]kinesistest.Credentials{{AccessKeyID: key, SecretAccessKey: "another", SessionToken: token}}},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := runStream(t, kinesistest.Options{})
			s.AddCredentials(x.known...)
			h := runHost(t, s, flbhost.Config{Env: []string{"FLB_LOG_LEVEL=debug",
				"AWS_ACCESS_KEY_ID=" + key, "AWS_SECRET_ACCESS_KEY=" + secret, "AWS_SESSION_TOKEN=" + token}})
			result, err := h.Flush(0, "tag", one(when, F("log", "x")).Bytes())
			require.NoError(t, err)
			require.Equal(t, flbhost.Retry, result.Code)
			exitLog(t, h)
			text := h.Log() + h.Stderr()
			require.Contains(t, text, x.code)
			for _, hidden := range []string{secret, token, "AWS4-HMAC-SHA256 Credential"} {
				if at := strings.Index(text, hidden); at >= 0 {
					require.FailNowf(t, "credentials in the log", "%s", excerpt(text, at))
				}
			}
		})
	}
}

func TestOptionsThatDoNothingAreRemarkedOn(t *testing.T) {
	for _, x := range []struct {
		options options
		want    []string
	}{
		{options{"time_key_format": "%s"}, []string{"time_key_format has no effect without time_key"}},
		{options{"group_key": "group", "log_key": "log"}, []string{"group_key has no effect with log_key, which sends one value alone"}},
		{options{"skip_aggregation_record_size": "1k", "aggregation_compression": "gzip"}, []string{
			"skip_aggregation_record_size has no effect without aggregation or simple_aggregation", "aggregation_compression has no effect without aggregation"}},
		{options{"experimental_concurrency_retries": "1"}, []string{"experimental_concurrency_retries has no effect without experimental_concurrency"}},
		{options{"compression": "snappy", "compression_level": "1"}, []string{"compression_level has no effect with compression = snappy"}},
	} {
		t.Run(x.want[0], func(t *testing.T) {
			s := setStage(t, kinesistest.Options{}, flbhost.Config{}, x.options)
			var want []string
			for _, remark := range x.want {
				want = append(want, "[kinesis 0] "+remark)
			}
			require.Equal(t, want, logOf(s.host).texts("warning"))
		})
	}
}

func TestThatInputsWaitForTheStreamIsSaidOnce(t *testing.T) {
	for _, x := range []struct {
		name          string
		workers, want int
	}{
		{"on Fluent Bit's only thread, for each output", 0, 2},
		{"on threads of its own", 1, 0},
		{"on several", 4, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := runStream(t, kinesistest.Options{})
			h := runHost(t, s, flbhost.Config{Workers: x.workers}, nil, nil)
			for range 3 {
				for instance := range 2 {
					result, err := h.Flush(instance, "tag", one(when, F("log", "x")).Bytes())
					require.NoError(t, err)
					require.Equal(t, flbhost.OK, result.Code)
				}
			}
			require.Equal(t, x.want, strings.Count(h.Log(), remarkOnWorkers))
		})
	}
}
