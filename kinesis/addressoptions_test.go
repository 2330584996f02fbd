package kinesis

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/plugins"
)

func TestAddressesMayComeFromTheEnvironment(t *testing.T) {
	const all, own, sts = "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KINESIS", "AWS_ENDPOINT_URL_STS"
	for _, test := range []struct {
		name     string
		options  plugins.Values
		env      plugins.Values
		endpoint string // as the log has it
		token    string
	}{
		{"nothing is set", with(), nil, "(not set)", "(not set)"},
		{"one for all services", with(), plugins.Values{all: "http://all:1"}, "http://all:1 (from " + all + ")", "http://all:1 (from " + all + ")"},
		{"each has its own", with(), plugins.Values{own: "http://own", sts: "http://sts"}, "http://own (from " + own + ")", "http://sts (from " + sts + ")"},
		{"that of the service goes before that of all", with(), plugins.Values{all: "http://all", own: "http://own"},
			"http://own (from " + own + ")", "http://all (from " + all + ")"},
		{"the option goes before both", with("endpoint", "http://option", "sts_endpoint", "http://token"), plugins.Values{all: "http://all", own: "http://own", sts: "http://sts"},
			"http://option", "http://token"},
		{"one of blanks is none", with(), plugins.Values{own: "  ", all: " http://all/ "}, "http://all (from " + all + ")", "http://all (from " + all + ")"},
		{"they are to be ignored", with(), plugins.Values{all: "http://all", own: "ftp://own", sts: "http://sts", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE"},
			"(not set)", "(not set)"},
		{"they are to be ignored, but not the option", with("endpoint", "http://option"), plugins.Values{all: "http://all", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
			"http://option", "(not set)"},
		{"they are not to be ignored", with(), plugins.Values{all: "http://all", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"},
			"http://all (from " + all + ")", "http://all (from " + all + ")"},
	} {
		t.Run(test.name, func(t *testing.T) {
			config, settings, err := ReadConfig(test.options, test.env.Get)
			require.NoError(t, err)
			require.Empty(t, config.Warnings)
			lines := map[string]string{}
			for _, s := range settings {
				name, value, _ := strings.Cut(s.String(), " = ")
				lines[name] = value
			}
			require.Equal(t, test.endpoint, lines["endpoint"])
			require.Equal(t, test.token, lines["sts_endpoint"])
			if address, _, set := strings.Cut(test.endpoint, " ("); set && address != "" {
				require.Equal(t, address, config.Endpoint)
			}
		})
	}
}

func TestAnAddressOfTheEnvironmentIsAsOneOfTheOption(t *testing.T) {
	env := plugins.Values{"AWS_ENDPOINT_URL": "http://simulator:4566"}
	config, _, err := ReadConfig(plugins.Values{"region": "us_local.1", "stream": "my logs", "role_arn": "logs"}, env.Get)
	require.NoError(t, err, "names that AWS would not take are taken beside it")
	require.Len(t, config.Warnings, 3)

	env = plugins.Values{"AWS_ENDPOINT_URL": "ftp://me:secret@host"}
	_, _, err = ReadConfig(with("sts_endpoint", "sts"), env.Get)
	require.EqualError(t, err, `AWS_ENDPOINT_URL = "ftp://***@host": `+addressRule)
}
