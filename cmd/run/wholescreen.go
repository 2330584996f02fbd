package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// What has a terminal show another screen, without a cursor and without folding lines; and what takes that back.
const (
	openSequence  = "\x1b[?1049h\x1b[?25l\x1b[?7l"
	closeSequence = "\x1b[?7h\x1b[?25h\x1b[?1049l"
)

// whole is the terminal while a picture takes all of it.
type whole struct {
	open bool
	said []string // lines that were written since
	held []held   // of these, the ones for a terminal, which wait for the picture to go
}

type held struct {
	w     io.Writer
	lines string
}

// open has pictures take the whole terminal. It is false where there is none that could be drawn on.
func (s *screen) open() bool {
	if _, _, ok := terminalSize(s.stdout); !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clearProgress()
	s.whole.open = true
	fmt.Fprint(s.stdout, openSequence)
	return true
}

// close gives the terminal back, and writes what has waited for that.
func (s *screen) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.whole.open {
		return
	}
	fmt.Fprint(s.stdout, closeSequence)
	for _, h := range s.whole.held {
		fmt.Fprintln(h.w, h.lines)
	}
	s.whole = whole{}
}

// say writes lines, or keeps them while a picture is where they would go. The caller holds mu.
func (s *screen) say(w io.Writer, lines string) {
	if !s.whole.open {
		fmt.Fprintln(w, lines)
		return
	}
	s.whole.said = append(s.whole.said, withoutPaint(lines))
	if isTerminal(w) {
		s.whole.held = append(s.whole.held, held{w, lines})
		return
	}
	fmt.Fprintln(w, lines)
}

// drawPicture draws a reading over the whole terminal, whose size it asks for each time.
func (s *screen) drawPicture(r reading) {
	width, height, ok := terminalSize(s.stdout)
	if !ok {
		return // the terminal is gone
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := picture(r, s.whole.said, width, height, s.stdoutColour)
	for len(lines) < height {
		lines = append(lines, "")
	}
	fmt.Fprint(s.stdout, "\x1b[H\x1b[2K"+strings.Join(lines, "\r\n\x1b[2K"))
}

// withoutPaint is text without what colours it.
func withoutPaint(text string) string {
	for {
		before, after, found := strings.Cut(text, "\x1b[")
		if !found {
			return text
		}
		_, rest, _ := strings.Cut(after, "m")
		text = before + rest
	}
}
