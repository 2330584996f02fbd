// Package test drives the plugin from end to end: the real library, loaded by a
// host in C as Fluent Bit loads it, and an embedded stream that it reaches over
// TLS. What a record must look like is written out here, or made by code of the
// tests' own, never by the plugin's.
//
// The library is built once per run; with FLBHOST_LIBRARY in the environment
// the one that it names is used.
package test

import (
	"flag"
	"os"
	"testing"
	"time"

	"fluent-bit-kinesis/internal/flbhost"
)

// outageLength is how long a stream throttles everything in the test of that, and
// cannot be reached in those of `make soak`.
var outageLength = flag.Duration("outage", 20*time.Second, "how long the stream throttles everything or cannot be reached, where a test has it do so")

func TestMain(m *testing.M) { os.Exit(flbhost.Main(m)) }

// patience is how long a test waits for what must come. It is never waited for
// in full unless something is wrong.
const patience = time.Minute
