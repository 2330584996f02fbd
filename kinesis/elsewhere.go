package kinesis

import "fluent-bit-kinesis/plugins"

const (
	keysInstead    = "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN in the environment, or use profile for those of a file"
	whatRetries    = "what failed is always tried again: see delivery_timeout, and Fluent Bit's Retry_Limit"
	theLimits      = "requests always take as much as the service allows"
	enrichInstead  = "use Fluent Bit's filters, such as kubernetes, ecs, aws and record_modifier"
	metricsInstead = "the plugin's metrics are among those of Fluent Bit's HTTP_Server; metrics_listen serves them by itself"
)

// elsewhere is the options that people bring along: those of the plugin's fork,
// of Fluent Bit's outputs kinesis_streams and kinesis_firehose, of the Firehose
// plugin in Go and of fluentd's fluent-plugin-kinesis, and what people take the names
// of options to be.
var elsewhere = []plugins.Elsewhere{
	{Name: "aws_key_id", Instead: keysInstead},
	{Name: "aws_sec_key", Instead: keysInstead},
	{Name: "aws_ses_token", Instead: keysInstead},
	{Name: "access_key", Instead: keysInstead},
	{Name: "secret_key", Instead: keysInstead},
	{Name: "aws_access_key_id", Instead: keysInstead},
	{Name: "aws_secret_access_key", Instead: keysInstead},
	{Name: "aws_session_token", Instead: keysInstead},
	{Name: "aws_iam_retries", Instead: "credentials are always tried again"},
	{Name: "aws_profile", Instead: "use profile"},
	{Name: "profile_name", Instead: "use profile"},
	{Name: "shared_credentials_file", Instead: "set AWS_SHARED_CREDENTIALS_FILE in the environment"},
	{Name: "assume_role_arn", Instead: "use role_arn"},
	{Name: "aws_role_arn", Instead: "use role_arn"},
	{Name: "assume_role", Instead: "use role_arn"},
	{Name: "aws_external_id", Instead: "use external_id"},
	{Name: "sts_external_id", Instead: "use external_id"},
	{Name: "session_name", Instead: "use role_session_name"},
	{Name: "assume_role_session_name", Instead: "use role_session_name"},
	{Name: "duration_seconds", Instead: "use role_duration"},
	{Name: "sts_endpoint_url", Instead: "use sts_endpoint"},
	{Name: "endpoint_url", Instead: "use endpoint"},
	{Name: "kinesis_endpoint", Instead: "use endpoint"},
	{Name: "custom_endpoint", Instead: "use endpoint"},
	{Name: "http_proxy", Instead: "set HTTPS_PROXY in the environment"},
	{Name: "https_proxy", Instead: "set HTTPS_PROXY in the environment"},
	{Name: "sts_http_proxy", Instead: "set HTTPS_PROXY in the environment"},
	{Name: "ssl_verify_peer", Instead: "certificates are always verified: set AWS_CA_BUNDLE in the environment for those of your own"},

	{Name: "aws_region", Instead: "use region"},
	{Name: "stream_name", Instead: "use stream"},
	{Name: "stream_key", Instead: "use stream, with the key as a word in it: $key"},
	{Name: "kinesis_stream", Instead: "use stream"},
	{Name: "stream_arn", Instead: "use stream, which takes an ARN"},
	{Name: "delivery_stream", Instead: "use stream; for a Firehose delivery stream, Fluent Bit's output kinesis_firehose"},
	{Name: "delivery_stream_name", Instead: "use stream; for a Firehose delivery stream, Fluent Bit's output kinesis_firehose"},

	{Name: "auto_retry_requests", Instead: whatRetries},
	{Name: "retries_on_batch_request", Instead: whatRetries},
	{Name: "retry_requests", Instead: whatRetries},
	{Name: "request_retries", Instead: whatRetries},
	{Name: "max_retries", Instead: whatRetries},
	{Name: "reset_backoff_if_success", Instead: whatRetries},
	{Name: "drop_failed_records_after_batch_request_retries", Instead: whatRetries},
	{Name: "monitor_num_of_batch_request_retries", Instead: whatRetries},
	{Name: "batch_request_max_count", Instead: theLimits},
	{Name: "batch_request_max_size", Instead: theLimits},
	{Name: "max_record_size", Instead: "use maximum_record_size"},
	{Name: "concurrency", Instead: "use Fluent Bit's workers"},
	{Name: "request_timeout", Instead: "use http_request_timeout"},
	{Name: "timeout", Instead: "use http_request_timeout"},

	{Name: "aggregate", Instead: "use aggregation"},
	{Name: "enable_aggregation", Instead: "use aggregation"},
	{Name: "aggregation_max_size", Instead: "use aggregation_maximum_record_size"},
	{Name: "enrich_records", Instead: enrichInstead},
	{Name: "enrich_eks_records", Instead: enrichInstead},
	{Name: "enable_eks_metric", Instead: metricsInstead},
	{Name: "eks_metric_port", Instead: metricsInstead},

	{Name: "random_partition_key", Instead: "leave partition_key out"},
	{Name: "fixed_partition_key", Instead: "add a key by Fluent Bit's filter record_modifier, and name it in partition_key"},
	{Name: "data_key", Instead: "use log_key for its value alone, data_keys for a record of it"},
	{Name: "include_time_key", Instead: "use time_key"},
	{Name: "time_format", Instead: "use time_key_format"},
	{Name: "time_key_precision", Instead: "use time_key_format, with %L, %f or %N"},
	{Name: "include_tag_key", Instead: "use tag_key"},
	{Name: "append_new_line", Instead: "use append_newline"},
	{Name: "chomp_record", Instead: "records end in a newline only with append_newline"},
	{Name: "compress", Instead: "use compression"},
	{Name: "compression_type", Instead: "use compression"},
	{Name: "log_truncate_max_size", Instead: "records are not logged"},
	{Name: "debug", Instead: "set FLB_LOG_LEVEL=debug in the environment"},
	{Name: "send_failure_timeout", Instead: "set SEND_FAILURE_TIMEOUT in the environment"},
	{Name: "eks_pod_execution_role", Instead: "set EKS_POD_EXECUTION_ROLE in the environment"},
}
