package test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
)

// TestServicesAreFoundByTheRegionsName has the hosts of a region be known to a
// proxy alone.
func TestServicesAreFoundByTheRegionsName(t *testing.T) {
	fips, dualStack := []string{"AWS_USE_FIPS_ENDPOINT=true"}, []string{"AWS_USE_DUALSTACK_ENDPOINT=true"}
	for _, x := range []struct {
		name, region, stream, roles string
		env                         []string
	}{
		{name: "a region", region: "eu-west-1", stream: "kinesis.eu-west-1.amazonaws.com", roles: "sts.eu-west-1.amazonaws.com"},
		{name: "the first region", region: "us-east-1", stream: "kinesis.us-east-1.amazonaws.com", roles: "sts.us-east-1.amazonaws.com"},
		{name: "a region, and the global STS", region: "eu-west-1", env: []string{"AWS_STS_REGIONAL_ENDPOINTS=legacy"},
			stream: "kinesis.eu-west-1.amazonaws.com", roles: "sts.amazonaws.com"},
		{name: "a region that nobody knows yet", region: "ap-southeast-9", stream: "kinesis.ap-southeast-9.amazonaws.com", roles: "sts.ap-southeast-9.amazonaws.com"},
		{name: "one in China", region: "cn-north-1", stream: "kinesis.cn-north-1.amazonaws.com.cn", roles: "sts.cn-north-1.amazonaws.com.cn"},
		{name: "one of the government", region: "us-gov-west-1", stream: "kinesis.us-gov-west-1.amazonaws.com", roles: "sts.us-gov-west-1.amazonaws.com"},
		{name: "the European sovereign cloud", region: "eusc-de-east-1", stream: "kinesis.eusc-de-east-1.amazonaws.eu", roles: "sts.eusc-de-east-1.amazonaws.eu"},
		{name: "the European sovereign cloud, which has no global STS", region: "eusc-de-east-1", env: []string{"AWS_STS_REGIONAL_ENDPOINTS=legacy"},
			stream: "kinesis.eusc-de-east-1.amazonaws.eu", roles: "sts.eusc-de-east-1.amazonaws.eu"},
		{name: "a region with FIPS", region: "us-west-2", env: fips, stream: "kinesis-fips.us-west-2.amazonaws.com", roles: "sts-fips.us-west-2.amazonaws.com"},
		{name: "a region in two stacks", region: "us-west-2", env: dualStack, stream: "kinesis.us-west-2.api.aws", roles: "sts.us-west-2.api.aws"},
		{name: "a region in two stacks with FIPS", region: "us-west-2", env: append(fips, dualStack...),
			stream: "kinesis-fips.us-west-2.api.aws", roles: "sts-fips.us-west-2.api.aws"},
		{name: "one of the government with FIPS", region: "us-gov-west-1", env: fips, stream: "kinesis.us-gov-west-1.amazonaws.com", roles: "sts.us-gov-west-1.amazonaws.com"},
		{name: "one in China in two stacks", region: "cn-north-1", env: dualStack,
			stream: "kinesis.cn-north-1.api.amazonwebservices.com.cn", roles: "sts.cn-north-1.api.amazonwebservices.com.cn"},
		{name: "the European sovereign cloud with FIPS", region: "eusc-de-east-1", env: fips,
			stream: "kinesis-fips.eusc-de-east-1.amazonaws.eu", roles: "sts-fips.eusc-de-east-1.amazonaws.eu"},
		{name: "the European sovereign cloud in two stacks", region: "eusc-de-east-1", env: dualStack,
			stream: "kinesis.eusc-de-east-1.api.amazonwebservices.eu", roles: "sts.eusc-de-east-1.api.amazonwebservices.eu"},
		{name: "an isolated region", region: "us-isof-south-1", stream: "kinesis.us-isof-south-1.csp.hci.ic.gov", roles: "sts.us-isof-south-1.csp.hci.ic.gov"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s := runStream(t, kinesistest.Options{Hosts: []string{x.stream, x.roles}})
			p := runTunneler(t, map[string]string{x.stream + ":443": addressOf(t, s.URL()), x.roles + ":443": addressOf(t, s.STSURL())})
			config := flowHost
			config.Env = append([]string{"HTTPS_PROXY=" + p.URL}, x.env...)
			f := newFlow(t, s, runHost(t, s, config, options{"region": x.region, "endpoint": "", "role_arn": role}))
			f.round()
			require.NotZero(t, p.tunnels(x.stream+":443"))
			require.NotZero(t, p.tunnels(x.roles+":443"))
			f.requireQuiet()
		})
	}
}
