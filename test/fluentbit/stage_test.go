package fluentbit

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
)

// How long a case waits for what must come, and how often it looks. It is never waited for in full unless something
// is wrong: Fluent Bit needs a few seconds for a start, a retry or an end.
const (
	patience = 2 * time.Minute
	poll     = 20 * time.Millisecond
)

const region = "us-east-1"

// A stage is a stream, and a folder with all that Fluent Bit reads and writes.
type stage struct {
	t       *testing.T
	program program
	library string
	format  format
	dir     string
	stream  *kinesistest.Server
	arrived *arrivals
}

// streams are those that a stage has: most cases send to the first alone.
const (
	mainStream  = "logs"
	otherStream = "other-logs"
)

func setStage(t *testing.T, p program, library string, f format) *stage {
	t.Helper()
	s := &stage{t: t, program: p, library: library, format: f, dir: folder(t), arrived: newArrivals()}
	for _, folder := range []string{"logs", "other"} {
		require.NoError(t, os.Mkdir(s.path(folder), 0o700))
	}
	s.stream = kinesistest.Run(t, kinesistest.Options{
		Streams:      map[string]int{mainStream: 4, otherStream: 2},
		Region:       region,
		Seed:         7,
		SkipOverlaps: true,
		Discard:      true,
		OnRecord:     s.arrived.add,
	})
	return s
}

// folder is a temporary folder whose path, unlike that of t.TempDir, has no comma in it: to tail, that separates paths.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fluentbit-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

func (s *stage) path(name string) string { return filepath.Join(s.dir, name) }

// grace is the seconds that Fluent Bit has after SIGTERM to get rid of what it holds: plenty, for it ends as soon as it
// holds nothing.
const grace = "60"

// service has Fluent Bit flush and retry as quickly as it can.
func service(grace string, more ...option) section {
	return append(section{
		{"flush", "0.2"},
		{"grace", grace},
		{"log_level", "info"},
		{"scheduler.base", "1"},
		{"scheduler.cap", "2"},
	}, more...)
}

// tail is an input that reads the files of a folder from their beginning, and goes on where the last Fluent Bit with
// this folder ended. Its buffer takes any file of these tests whole, so that Fluent Bit never stops in the middle of a
// line, which before 5.0 it forgot.
func (s *stage) tail(folder string, more ...option) section {
	return append(section{
		{"name", "tail"},
		{"tag", "app." + folder},
		{"path", s.path(filepath.Join(folder, "*.log"))},
		{"db", s.path(folder + ".db")},
		{"read_from_head", "on"},
		{"refresh_interval", "1"},
		{"buffer_chunk_size", "4M"},
		{"buffer_max_size", "4M"},
	}, more...)
}

// output is a kinesis output. A chunk is offered for as long as it takes.
func (s *stage) output(match, stream, workers string, more ...option) section {
	return append(section{
		{"name", "kinesis"},
		{"match", match},
		{"workers", workers},
		{"retry_limit", "no_limits"},
		{"region", region},
		{"stream", stream},
		{"endpoint", s.stream.URL()},
	}, more...)
}

// place puts a file of numbered lines into the folder that is tailed, whole, and returns the records that must come
// of it.
func (s *stage) place(name string, lines int) (records []string) {
	s.t.Helper()
	text, records := numbered(name, 0, lines)
	require.NoError(s.t, os.WriteFile(s.path("on its way"), text, 0o600))
	require.NoError(s.t, os.Rename(s.path("on its way"), s.path(name)))
	return records
}

// grow appends numbered lines to a file, a few at a time, while it is tailed.
func (s *stage) grow(name string, lines, atOnce int) (records []string) {
	s.t.Helper()
	file, err := os.OpenFile(s.path(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(s.t, err)
	defer file.Close()
	for from := 0; from < lines; from += atOnce {
		text, some := numbered(name, from, min(lines, from+atOnce))
		_, err := file.Write(text)
		require.NoError(s.t, err)
		records = append(records, some...)
	}
	return records
}

// numbered is lines with what JSON and configurations quote in them, and the record of each.
func numbered(file string, from, to int) (text []byte, records []string) {
	for i := from; i < to; i++ {
		text = fmt.Appendf(text, "%s line %d: GET /?q=<1>&r=\"%%d\" \\ ${HOME} grüße\n", file, i)
		records = append(records, fmt.Sprintf(`{"log":"%s line %d: GET /?q=<1>&r=\"%%d\" \\ ${HOME} grüße"}`, file, i))
	}
	return text, records
}

// stored is the size of the files that Fluent Bit keeps chunks in. An event takes more there than its record does on the
// stream.
func (s *stage) stored() (bytes int) {
	s.t.Helper()
	names, err := filepath.Glob(s.path("storage/*/*.flb"))
	require.NoError(s.t, err)
	for _, name := range names {
		if info, err := os.Stat(name); err == nil { // else it was delivered just now
			bytes += int(info.Size())
		}
	}
	return bytes
}

// eventually waits until something holds, and gives up when the process ends before.
func (s *stage) eventually(p *process, what string, holds func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		select {
		case <-p.ended:
			require.FailNow(s.t, "Fluent Bit ended before "+what, "%v", p.err)
		default:
		}
		if time.Now().After(deadline) {
			require.FailNow(s.t, "waited in vain until "+what)
		}
		time.Sleep(poll)
	}
}

// await waits until all of these records are on the stream.
func (s *stage) await(p *process, stream string, records []string) {
	s.t.Helper()
	s.eventually(p, fmt.Sprintf("all %d records landed", len(records)), func() bool {
		return s.arrived.missing(stream, records) == 0
	})
}
