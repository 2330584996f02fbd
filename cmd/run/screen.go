package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"fluent-bit-kinesis/internal/kinesistest"
)

// The looks of what is shown, as ANSI escape sequences.
const (
	plain = "\x1b[0m"
	dim   = "\x1b[2m"
	bold  = "\x1b[1m"
	red   = "\x1b[31m"
	green = "\x1b[32m"
	cyan  = "\x1b[36m"
)

// shardLooks colour the shards apart, as far as there are colours.
var shardLooks = []string{"\x1b[34m", "\x1b[33m", "\x1b[35m", "\x1b[32m", "\x1b[94m", "\x1b[93m", "\x1b[95m", "\x1b[92m"}

// How much of a record is shown, in characters.
const (
	shownKey  = 20
	shownData = 160
)

// A screen is the terminal, or the files in its place: records and the summary go to standard output, and what is
// said about the run, the plugin's own log included, to standard error.
type screen struct {
	stdout, stderr             io.Writer
	stdoutColour, stderrColour bool
	full                       bool
	streams                    bool // records say which stream they are on

	mu       sync.Mutex // guards the following, and keeps lines whole
	toShow   int        // records still to be shown one by one; negative is all
	progress bool       // whether the cursor is on a progress line
	whole    whole
}

func newScreen(stdout, stderr io.Writer, show int, full bool) *screen {
	return &screen{
		stdout: stdout, stdoutColour: takesColour(stdout),
		stderr: stderr, stderrColour: takesColour(stderr),
		toShow: show, full: full,
	}
}

// takesColour tells whether w is a terminal whose user does not mind colours: see no-color.org.
func takesColour(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

func isTerminal(w io.Writer) bool {
	file, isFile := w.(*os.File)
	if !isFile {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func paint(colour bool, look, text string) string {
	if !colour {
		return text
	}
	return look + text + plain
}

// print writes whole lines to standard output, and note to standard error.
func (s *screen) print(lines string) { s.write(s.stdout, lines) }
func (s *screen) note(lines string)  { s.write(s.stderr, lines) }

func (s *screen) write(w io.Writer, lines string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clearProgress()
	s.say(w, lines)
}

// clearProgress takes a progress line away. The caller holds mu.
func (s *screen) clearProgress() {
	if s.progress {
		fmt.Fprint(s.stderr, "\r\x1b[K")
		s.progress = false
	}
}

// drawProgress shows a line that the next one replaces; without a terminal it stays.
func (s *screen) drawProgress(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clearProgress()
	if !isTerminal(s.stderr) {
		fmt.Fprintln(s.stderr, text)
		return
	}
	fmt.Fprint(s.stderr, paint(s.stderrColour, bold, text))
	s.progress = true
}

// log shows a line of another program's log.
func (s *screen) log(source, line string) {
	s.note(paint(s.stderrColour, dim, source+" | "+printable(line)))
}

// record shows a record that has just landed, while records are shown one by one.
func (s *screen) record(r kinesistest.UserRecord) {
	if !s.takeTurn() {
		return
	}
	number := shardNumber(r.In.ShardID)
	look := shardLooks[number%len(shardLooks)]
	data, key := describe(r.Data), printable(r.PartitionKey)
	if !s.full {
		data, key = cut(data, shownData), cut(key, shownKey)
	}
	s.print(strings.Join([]string{
		paint(s.stdoutColour, dim, r.In.Arrived.Format("15:04:05.000")),
		paint(s.stdoutColour, look, s.place(r.In.Stream, number)),
		paint(s.stdoutColour, cyan, fmt.Sprintf("%-8s", key)),
		data,
	}, "  "))
}

// place says where a record landed, with its stream where there may be several.
func (s *screen) place(stream string, number int) string {
	if s.streams {
		return fmt.Sprintf("%s shard %d", stream, number)
	}
	return fmt.Sprintf("shard %d", number)
}

// takeTurn tells whether one more record is to be shown, and counts it.
func (s *screen) takeTurn() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.toShow > 0 {
		s.toShow--
		return true
	}
	return s.toShow < 0
}

// showsAll tells whether all records so far were shown one by one.
func (s *screen) showsAll() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.toShow != 0
}

// shardNumber is the 3 of shardId-000000000003.
func shardNumber(id string) int {
	number := 0
	for _, digit := range strings.TrimPrefix(id, "shardId-") {
		number = number*10 + int(digit-'0')
	}
	return max(number, 0)
}

// describe is a record's data on one line: text as it is, other bytes in hexadecimal.
func describe(data []byte) string {
	if len(data) == 0 {
		return "(no bytes)"
	}
	if utf8.Valid(data) {
		return printable(string(data))
	}
	return fmt.Sprintf("(%d bytes that are not text) % x", len(data), data)
}

// printable writes control characters as Go does, so that no log line can play with the terminal.
func printable(text string) string {
	if strings.IndexFunc(text, unicode.IsControl) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if !unicode.IsControl(r) {
			b.WriteRune(r)
			continue
		}
		quoted := fmt.Sprintf("%q", r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

// cut shortens text to n characters.
func cut(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}
