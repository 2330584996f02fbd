package test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// Go's threads do not come along: any call that has to wait for one of them would wait for ever, that of the end included.
func TestBehindTheForkOfADaemonTheStartIsRefusedInFluentBitsLog(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no fork on Windows")
	}
	s := runStream(t, kinesistest.Options{})
	for _, workers := range []int{0, 2} {
		t.Run("workers "+decimal(workers), func(t *testing.T) {
			_, err := flbhost.Start(hostConfig(s, flbhost.Config{Daemon: true, Workers: workers}))
			var refused *flbhost.InitError
			require.ErrorAs(t, err, &refused, "the host has gone on, and ended in order")
			require.Equal(t, flbhost.Error, refused.Code)
			require.Equal(t, "[error] [kinesis] cannot start: with Daemon On (-d), Fluent Bit forks after it has loaded this "+
				"plugin, and leaves the plugin's threads behind. Set Daemon Off and have a service manager keep Fluent Bit in "+
				"the background.\n", refused.Log)
			require.Empty(t, refused.Stderr)
		})
	}
}
