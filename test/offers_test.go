package test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// brokenEventfd joins the plugin's package. BROKEN says which call fails: that which
// makes the descriptor, or each that reads it but for the first.
const brokenEventfd = `package main

import (
	"os"

	"golang.org/x/sys/unix"
)

func eventfd(value uint, flags int) (int, error) {
	if os.Getenv("BROKEN") == "eventfd" {
		return -1, unix.EMFILE
	}
	return unix.Eventfd(value, flags)
}

var reads int // by one goroutine

func read(from *os.File, into []byte) (int, error) {
	if reads++; os.Getenv("BROKEN") == "read" && reads > 1 {
		return 0, unix.EIO
	}
	return from.Read(into)
}
`

// withBrokenEventfd builds a library whose descriptor can be broken.
func withBrokenEventfd(t *testing.T) (library string) {
	t.Helper()
	text, err := os.ReadFile("../offers_linux.go")
	require.NoError(t, err)
	changed := strings.NewReplacer("unix.Eventfd(", "eventfd(", "o.wake.Read(", "read(o.wake, ").Replace(string(text))
	require.Contains(t, changed, " eventfd(")
	require.Contains(t, changed, " read(o.wake, ")
	overlay := overlaid(t, map[string]string{"../offers_linux.go": changed, "../broken_linux.go": brokenEventfd})
	library = filepath.Join(t.TempDir(), "broken.so")
	require.NoError(t, flbhost.BuildLibrary(flbhost.LibraryBuild{Flags: []string{overlay}}, library))
	return library
}

func TestWhereThreadsCannotWaitOutsideGoTheyWaitInIt(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere they always do")
	}
	library := withBrokenEventfd(t)
	for broken, reason := range map[string]string{
		"":        "",
		"eventfd": "flushes wait in Go: eventfd: too many open files",
		"read":    "flushes wait in Go: input/output error",
	} {
		t.Run("broken "+broken, func(t *testing.T) {
			s := runStream(t, kinesistest.Options{})
			config := hostConfig(s, flbhost.Config{Library: library, Workers: 4, Env: []string{"FLB_LOG_LEVEL=debug", "BROKEN=" + broken}})
			h := flbhost.Run(t, config)
			for range 2 { // a reload makes another descriptor
				l := smallChunks(500, 0)
				var jobs []*flbhost.Job
				for _, chunk := range l.chunks {
					jobs = append(jobs, h.Go(0, "tag", chunk))
				}
				requireTaken(t, jobs)
				require.NoError(t, h.Reload(config.Instances...))
			}
			require.NoError(t, h.Exit())
			require.EqualValues(t, 2*500, s.Stats().Landed)
			if reason == "" {
				require.NotContains(t, h.Log(), "flushes wait in Go")
			} else {
				require.Contains(t, h.Log(), reason)
			}
		})
	}
}
