package kinesis

import (
	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/kinesis/wire"
)

// service is what the client to the service is made of.
func (c *Config) service() service.Options {
	o := service.Options{
		Region: c.Region, Endpoint: c.Endpoint, STSEndpoint: c.STSEndpoint,
		Profile: c.Profile, PodRoleARN: c.PodRoleARN, RoleARN: c.RoleARN,
		ExternalID: c.ExternalID, RoleSessionName: c.RoleSessionName, RoleDuration: c.RoleDuration,
		HTTPRequestTimeout: c.HTTPRequestTimeout, RequestsInFlight: c.connections(),
	}
	o.Format = wire.FormatOf(c.wireFormat(o.Endpoint))
	return o
}

// wireFormat is the name of the format of requests to an address: of itself CBOR
// where that is AWS's own, and the format that every simulator reads elsewhere.
func (c *Config) wireFormat(endpoint string) string {
	switch {
	case c.WireFormat != wire.Auto:
		return c.WireFormat
	case service.IsAWS(endpoint):
		return wire.CBOR
	}
	return wire.JSON
}

// mostConnections bounds those that are kept where there are several streams: each
// takes some 100 KB.
const mostConnections = 128

// connections is how many are kept for the next request.
func (c *Config) connections() int {
	if len(c.Record.Stream) == 0 {
		return c.RequestsInFlight
	}
	return max(c.RequestsInFlight, min(c.RequestsInFlight*c.StreamsMaximum, mostConnections))
}
