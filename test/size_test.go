package test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// What the library may have in bytes, and what may be resident with one instance and
// with each further one.
const (
	mostLibrary  = 15_000_000
	mostIdle     = 30_000_000
	mostInstance = 3_000_000
)

// TestTheLibraryIsSmall is of the library as `make` builds it: one that a test has built has parts that nothing calls.
func TestTheLibraryIsSmall(t *testing.T) {
	library := os.Getenv("FLBHOST_LIBRARY")
	if filepath.Ext(library) != ".so" {
		t.Skip("FLBHOST_LIBRARY names no library that make has built")
	}
	info, err := os.Stat(library)
	require.NoError(t, err)
	t.Logf("%d bytes", info.Size())
	require.Less(t, info.Size(), int64(mostLibrary))
}

func TestIdleInstancesTakeLittleMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what is resident is asked of Linux")
	}
	alone := idleMemory(t, 1)
	require.Less(t, alone, int64(mostIdle), "resident bytes with one instance")
	const further = 10
	each := (idleMemory(t, 1+further) - alone) / further
	t.Logf("%d bytes, %d for each further instance", alone, each)
	require.Less(t, each, int64(mostInstance), "resident bytes of each further instance")
}

// idleMemory is what is resident in a host once each of its instances has sent a chunk.
func idleMemory(t *testing.T, instances int) int64 {
	t.Helper()
	s := runStream(t, kinesistest.Options{})
	h := runHost(t, s, flbhost.Config{Workers: 1}, make([]options, instances)...)
	event := one(when, F("log", "x")).Bytes()
	for i := range instances {
		result, err := h.Flush(i, "tag", event)
		require.NoError(t, err)
		require.Equal(t, flbhost.OK, result.Code)
	}
	stats, err := h.Stats()
	require.NoError(t, err)
	return stats.RSS
}
