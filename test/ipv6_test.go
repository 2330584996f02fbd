package test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
)

func TestTheStreamAndTheRolesAreReachedOverIPv6(t *testing.T) {
	t.Parallel()
	if l, err := net.Listen("tcp6", "[::1]:0"); err != nil {
		t.Skipf("this machine has no IPv6: %v", err)
	} else {
		require.NoError(t, l.Close())
	}
	s := runStream(t, kinesistest.Options{Address: "[::1]:0", STSAddress: "[::1]:0"})
	require.Contains(t, s.URL(), "https://[::1]:")
	f := newFlow(t, s, runHost(t, s, flowHost, options{"role_arn": role, "sts_endpoint": s.STSURL()}))
	f.round()
	f.requireQuiet()
}

// TestANameWithAnAddressThatNobodyListensOnIsReachedByItsOther has a stream
// listen on one of the two addresses of localhost.
func TestANameWithAnAddressThatNobodyListensOnIsReachedByItsOther(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{})
	_, port, err := net.SplitHostPort(addressOf(t, s.URL()))
	require.NoError(t, err)
	f := newFlow(t, s, runHost(t, s, flowHost, options{"endpoint": "localhost:" + port}))
	f.round()
	f.requireQuiet()
}
