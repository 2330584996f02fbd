//lint:file-ignore SA1019 the project stays on version 1 of the SDK

package service

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go/aws/endpoints"
	"github.com/stretchr/testify/require"
)

func TestServicesHaveTheDomainOfTheirPartition(t *testing.T) {
	type state struct{ fips, dualStack bool }
	usual, fips, dual, both := state{}, state{fips: true}, state{dualStack: true}, state{true, true}
	for _, test := range []struct {
		region, service string
		state           state
		want            string
	}{
		{"us-west-2", "kinesis", usual, "https://kinesis.us-west-2.amazonaws.com"},
		{"us-west-2", "kinesis", fips, "https://kinesis-fips.us-west-2.amazonaws.com"},
		{"us-west-2", "kinesis", dual, "https://kinesis.us-west-2.api.aws"},
		{"us-west-2", "sts", usual, "https://sts.us-west-2.amazonaws.com"},
		{"us-west-2", "sts", fips, "https://sts-fips.us-west-2.amazonaws.com"},
		{"us-west-2", "sts", dual, "https://sts.us-west-2.api.aws"},
		{"us-west-2", "kinesis", both, "https://kinesis-fips.us-west-2.api.aws"},
		{"eu-west-1", "kinesis", fips, "https://kinesis-fips.eu-west-1.amazonaws.com"},
		{"us-gov-west-1", "kinesis", fips, "https://kinesis.us-gov-west-1.amazonaws.com"},
		{"us-gov-west-1", "kinesis", dual, "https://kinesis.us-gov-west-1.api.aws"},
		{"us-gov-west-1", "kinesis", both, "https://kinesis-fips.us-gov-west-1.api.aws"},
		{"us-gov-west-1", "sts", fips, "https://sts.us-gov-west-1.amazonaws.com"},
		{"cn-north-1", "kinesis", fips, "https://kinesis-fips.cn-north-1.amazonaws.com.cn"},
		{"cn-north-1", "kinesis", dual, "https://kinesis.cn-north-1.api.amazonwebservices.com.cn"},
		{"cn-north-1", "kinesis", both, "https://kinesis-fips.cn-north-1.api.amazonwebservices.com.cn"},
		{"cn-north-1", "sts", dual, "https://sts.cn-north-1.api.amazonwebservices.com.cn"},
		{"eusc-de-east-1", "sts", fips, "https://sts-fips.eusc-de-east-1.amazonaws.eu"},
		{"eusc-de-east-1", "sts", dual, "https://sts.eusc-de-east-1.api.amazonwebservices.eu"},
		{"mx-central-1", "kinesis", usual, "https://kinesis.mx-central-1.amazonaws.com"},
		{"cn-northwest-1", "kinesis", usual, "https://kinesis.cn-northwest-1.amazonaws.com.cn"},
		{"cn-inner-east-1", "kinesis", usual, "https://kinesis.cn-inner-east-1.amazonaws.com.cn"},
		{"cn-inner-east-1", "sts", usual, "https://sts.cn-inner-east-1.amazonaws.com.cn"},
		{"us-gov-east-1", "kinesis", usual, "https://kinesis.us-gov-east-1.amazonaws.com"},
		{"us-iso-east-1", "kinesis", usual, "https://kinesis.us-iso-east-1.c2s.ic.gov"},
		{"us-iso-east-1", "kinesis", dual, "https://kinesis.us-iso-east-1.api.aws.ic.gov"},
		{"us-isob-west-1", "sts", usual, "https://sts.us-isob-west-1.sc2s.sgov.gov"},
		{"us-isof-east-1", "kinesis", usual, "https://kinesis.us-isof-east-1.csp.hci.ic.gov"},
		{"us-isof-new-east-1", "kinesis", dual, "https://kinesis.us-isof-new-east-1.api.aws.hci.ic.gov"},
		{"eu-isoe-west-1", "kinesis", usual, "https://kinesis.eu-isoe-west-1.cloud.adc-e.uk"},
		{"eusc-de-east-1", "kinesis", usual, "https://kinesis.eusc-de-east-1.amazonaws.eu"},
		{"eusc-de-east-1", "sts", usual, "https://sts.eusc-de-east-1.amazonaws.eu"},
		{"eusc-de-east-1", "kinesis", fips, "https://kinesis-fips.eusc-de-east-1.amazonaws.eu"},
		{"eusc-de-east-1", "kinesis", dual, "https://kinesis.eusc-de-east-1.api.amazonwebservices.eu"},
		{"eusc-de-east-1", "kinesis", both, "https://kinesis-fips.eusc-de-east-1.api.amazonwebservices.eu"},
		{"eusc-de-east-1", "ec2metadata", usual, "http://169.254.169.254/latest"},
	} {
		t.Run(test.region+" "+test.want, func(t *testing.T) {
			got, err := resolver("").EndpointFor(test.service, test.region, func(o *endpoints.Options) {
				o.ResolveUnknownService, o.STSRegionalEndpoint = true, endpoints.RegionalSTSEndpoint
				if test.state.fips {
					o.UseFIPSEndpoint = endpoints.FIPSEndpointStateEnabled
				}
				if test.state.dualStack {
					o.UseDualStackEndpoint = endpoints.DualStackEndpointStateEnabled
				}
			})
			require.NoError(t, err)
			require.Equal(t, test.want, got.URL)
			if test.service != "ec2metadata" {
				require.Equal(t, test.region, got.SigningRegion)
			}
		})
	}
}

func TestTheTokenServiceIsTheRegionsUnlessItIsAskedFor(t *testing.T) {
	for _, test := range []struct {
		name, env, profile, config string
		want                       endpoints.STSRegionalEndpoint // unset where the SDK reads it by itself
	}{
		{"nothing is asked for", "", "", "", endpoints.RegionalSTSEndpoint},
		{"by the environment", "legacy", "", "", endpoints.UnsetSTSEndpoint},
		{"by the default profile", "", "", "[default]\nsts_regional_endpoints = legacy\n", endpoints.UnsetSTSEndpoint},
		{"by the profile in use", "", "logs", "[ profile logs ] # ours\n  sts_regional_endpoints=legacy", endpoints.UnsetSTSEndpoint},
		{"by another profile", "", "logs", "[default]\nsts_regional_endpoints = legacy\n[profile logs]\n", endpoints.RegionalSTSEndpoint},
		{"in a comment", "", "", "[default]\n# sts_regional_endpoints = legacy\n", endpoints.RegionalSTSEndpoint},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := filepath.Join(t.TempDir(), "config")
			require.NoError(t, os.WriteFile(config, []byte(test.config), 0o600))
			t.Setenv("AWS_CONFIG_FILE", config)
			t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
			t.Setenv("AWS_PROFILE", test.profile)
			t.Setenv("AWS_DEFAULT_PROFILE", "")
			t.Setenv("AWS_STS_REGIONAL_ENDPOINTS", test.env)
			require.Equal(t, test.want, stsEndpoints(""))
		})
	}
}

func TestAnAddressOfOnesOwnIsUsedAsItIs(t *testing.T) {
	for _, test := range []struct {
		name, endpoint, fips, dualStack string
		want                            string // the host
		warnings                        int
	}{
		{"the region's", "", "", "", "kinesis.us-west-2.amazonaws.com", 0},
		{"the region's with FIPS", "", "true", "", "kinesis-fips.us-west-2.amazonaws.com", 0},
		{"the region's in two stacks", "", "false", "true", "kinesis.us-west-2.api.aws", 0},
		{"one's own", "https://own", "false", "", "own", 0},
		{"one's own with FIPS", "https://own", "true", "", "own", 1},
		{"one's own with both", "https://own", "true", "true", "own", 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("AWS_USE_FIPS_ENDPOINT", test.fips)
			t.Setenv("AWS_USE_DUALSTACK_ENDPOINT", test.dualStack)
			var warnings []string
			c := clientWith(t, Options{Endpoint: test.endpoint, Warn: func(text string) { warnings = append(warnings, text) }})
			require.Equal(t, test.want, c.endpoint.Host)
			require.Equal(t, "us-west-2", c.region)
			require.Len(t, warnings, test.warnings)
			for _, warning := range warnings {
				require.Contains(t, warning, "has no effect with endpoint")
			}
		})
	}
}
