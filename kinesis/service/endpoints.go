//lint:file-ignore SA1019 the project stays on version 1 of the SDK

package service

import (
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/ec2metadata"
	"github.com/aws/aws-sdk-go/aws/endpoints"
)

// A partition is a cloud of AWS's that has domains of its own. Its regions have a
// prefix in common.
type partition struct{ prefix, domain, dualStackDomain string }

// partitions are those of AWS but for the usual one, as AWS announces them in its
// SDKs: botocore's partitions.json. The SDK that this project stays on knows most
// of them, but not the newest, nor all of their domains.
var partitions = []partition{
	{"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
	{"eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
	{"eusc-", "amazonaws.eu", "api.amazonwebservices.eu"},
	{"us-gov-", "amazonaws.com", "api.aws"},
	{"us-iso-", "c2s.ic.gov", "api.aws.ic.gov"},
	{"us-isob-", "sc2s.sgov.gov", "api.aws.scloud"},
	{"us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
}

// partitionOf is the partition of a region by its name; ok is false where that is
// the usual one.
func partitionOf(region string) (p partition, ok bool) {
	for _, p := range partitions {
		if strings.HasPrefix(region, p.prefix) {
			return p, true
		}
	}
	return partition{}, false
}

// endpoint is the address of a service by the rule that holds for all partitions.
func (p partition) endpoint(service, region string, o *endpoints.Options) endpoints.ResolvedEndpoint {
	host, domain := service, p.domain
	if o.UseFIPSEndpoint == endpoints.FIPSEndpointStateEnabled {
		host += "-fips"
	}
	if o.UseDualStackEndpoint == endpoints.DualStackEndpointStateEnabled {
		domain = p.dualStackDomain
	}
	return endpoints.ResolvedEndpoint{
		URL:           endpoints.AddScheme(host+"."+region+"."+domain, o.DisableSSL),
		SigningRegion: region, SigningName: service, SigningNameDerived: true, SigningMethod: "v4",
	}
}

// IsAWS tells whether an address is one of AWS's own, which is so of VPC endpoints
// and of those for FIPS, too. "" stands for the region's.
func IsAWS(address string) bool {
	if address == "" {
		return true
	}
	u, err := url.Parse(endpoints.AddScheme(address, false))
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	within := func(domain string) bool { return strings.HasSuffix(host, "."+domain) }
	return within("amazonaws.com") || within("api.aws") || slices.ContainsFunc(partitions, func(p partition) bool {
		return within(p.domain) || within(p.dualStackDomain)
	})
}

// resolver finds the addresses of services. That of the token service may be
// given.
func resolver(stsAddress string) endpoints.Resolver {
	return endpoints.ResolverFunc(func(service, region string, options ...func(*endpoints.Options)) (endpoints.ResolvedEndpoint, error) {
		if service == endpoints.StsServiceID && stsAddress != "" {
			return endpoints.ResolvedEndpoint{URL: endpoints.AddScheme(stsAddress, false), SigningRegion: region}, nil
		}
		resolved, err := endpoints.DefaultResolver().EndpointFor(service, region, options...)
		if _, known := endpoints.PartitionForRegion(endpoints.DefaultPartitions(), region); known && err == nil || service == ec2metadata.ServiceName {
			return resolved, err
		}
		var o endpoints.Options
		o.Set(options...)
		if o.ResolvedRegion != "" {
			region = o.ResolvedRegion
		}
		if p, ok := partitionOf(region); ok {
			return p.endpoint(service, region, &o), nil
		}
		return resolved, err
	})
}

// stsEndpoints has the token service of the region used unless the environment or
// the profile asks for another: the SDK itself would take the global one, which
// is in one region, and does not know the roles of regions that are to be enabled.
func stsEndpoints(profile string) endpoints.STSRegionalEndpoint {
	if os.Getenv("AWS_STS_REGIONAL_ENDPOINTS") != "" || profileHas(profileInUse(profile), "sts_regional_endpoints") {
		return endpoints.UnsetSTSEndpoint
	}
	return endpoints.RegionalSTSEndpoint
}

// warnOfAddress says what an address of one's own leaves without an effect.
func (o *Options) warnOfAddress(config *aws.Config) {
	if o.Endpoint == "" {
		return
	}
	if config.UseFIPSEndpoint == endpoints.FIPSEndpointStateEnabled {
		o.warn("AWS_USE_FIPS_ENDPOINT, or use_fips_endpoint of the profile, has no effect with endpoint, which is used as it is")
	}
	if config.UseDualStackEndpoint == endpoints.DualStackEndpointStateEnabled {
		o.warn("AWS_USE_DUALSTACK_ENDPOINT, or use_dualstack_endpoint of the profile, has no effect with endpoint, which is used as it is")
	}
}
