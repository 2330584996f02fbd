package test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// mostLibrary is what the library may have, in bytes.
const mostLibrary = 15_000_000

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
