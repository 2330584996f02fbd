package kinesis

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/plugins"
)

func TestConfigTakesTheARNOfAStreamInEveryPartition(t *testing.T) {
	for _, arn := range []string{
		"arn:aws:kinesis:us-west-2:123456789012:stream/logs",
		"arn:aws-cn:kinesis:us-west-2:123456789012:stream/My_stream.v1-blue",
		"arn:aws-us-gov:kinesis:us-west-2:123456789012:stream/logs",
		"arn:aws-eusc:kinesis:us-west-2:123456789012:stream/logs",
		"arn:aws-iso-b:kinesis:us-west-2:123456789012:stream/logs",
	} {
		config, _, err := ReadConfig(with("stream", arn), noEnv)
		require.NoError(t, err)
		require.Equal(t, arn, config.Stream)
		require.Empty(t, config.Warnings)
	}
}

func TestConfigTakesTheRegionFromTheARNWhereItIsNotSet(t *testing.T) {
	const arn = " arn:aws:kinesis:eu-west-1:123456789012:stream/logs "
	config, settings, err := ReadConfig(with("stream", arn, "region", "  "), noEnv)
	require.NoError(t, err)
	require.Equal(t, "eu-west-1", config.Region)
	require.Contains(t, settings, plugins.Setting{Name: "region", Value: "eu-west-1"})

	_, _, err = ReadConfig(with("stream", "arn:aws:kinesis:eu-west-1:12:stream/logs", "region", ""), noEnv)
	require.ErrorContains(t, err, "region is not set", "there is none in what is not the ARN of a stream")
}

func TestConfigRefusesARegionOtherThanTheARNs(t *testing.T) {
	const arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/logs"
	_, _, err := ReadConfig(with("stream", arn), noEnv)
	require.EqualError(t, err, `region = "us-west-2": must be eu-west-1, the region in the ARN of stream, or not set`)

	config, _, err := ReadConfig(with("stream", arn, "endpoint", "http://localhost:4566"), noEnv)
	require.NoError(t, err, "a simulator may have regions that mean nothing")
	require.Equal(t, "us-west-2", config.Region)
	require.Equal(t, []string{`region = "us-west-2": must be eu-west-1, the region in the ARN of stream, or not set; it is used as it is`}, config.Warnings)
}

func TestConfigSaysWhatIsWrongWithAnARN(t *testing.T) {
	for _, test := range []struct{ name, arn, why string }{
		{"the beginning of one", "arn:", ""},
		{"no account", "arn:aws:kinesis:us-west-2::stream/logs", ""},
		{"no region", "arn:aws:kinesis::123456789012:stream/logs", ""},
		{"no name", "arn:aws:kinesis:us-west-2:123456789012:stream/", ""},
		{"a video stream", "arn:aws:kinesisvideo:us-west-2:123456789012:stream/logs/1", `, and this is of another service, "kinesisvideo"`},
		{"a role", "arn:aws:iam::123456789012:role/logs", `, and this is of another service, "iam"`},
		{"a consumer", "arn:aws:kinesis:us-west-2:123456789012:stream/logs/consumer/c:1700000000", ", and this is a consumer's: leave out what begins with /consumer/"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := ReadConfig(with("stream", test.arn), noEnv)
			require.EqualError(t, err, `stream = "`+test.arn+`": `+streamARNRule+test.why)
			config, _, err := ReadConfig(with("stream", test.arn, "endpoint", "http://localhost:4566"), noEnv)
			require.NoError(t, err)
			require.Equal(t, []string{`stream = "` + test.arn + `": ` + streamARNRule + test.why + "; it is used as it is"}, config.Warnings)
		})
	}
}

func TestTheLedgersScopeIsThatOfTheARNsAccount(t *testing.T) {
	const one, other = "arn:aws:kinesis:us-west-2:123456789012:stream/logs", "arn:aws:kinesis:us-west-2:210987654321:stream/logs"
	const role = "arn:aws:iam::333333333333:role/logs"
	scope := configOf(t, "stream", one).ledgerScope()
	require.NotEqual(t, scope, configOf(t, "stream", other).ledgerScope())
	require.NotEqual(t, scope, configOf(t).ledgerScope())
	require.Equal(t, scope, configOf(t, "stream", one, "role_arn", role).ledgerScope(), "whoever writes to it")
}
