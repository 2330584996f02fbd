package test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
	"fluent-bit-kinesis/internal/needs"
)

func TestTheStreamAndTheRolesAreReachedOverIPv6(t *testing.T) {
	t.Parallel()
	if l, err := net.Listen("tcp6", "[::1]:0"); err != nil {
		needs.Missing(t, "needs the loopback address of IPv6: %v", err)
	} else {
		require.NoError(t, l.Close())
	}
	s := runStream(t, kinesistest.Options{Address: "[::1]:0", STSAddress: "[::1]:0"})
	require.Contains(t, s.URL(), "https://[::1]:")
	f := newFlow(t, s, runHost(t, s, flowHost, options{"role_arn": role, "sts_endpoint": s.STSURL()}))
	f.round()
	f.requireQuiet()
}
