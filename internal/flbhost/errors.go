package flbhost

import (
	"fmt"
	"strings"
)

// quotedLines is how much of each output an error quotes.
const quotedLines = 20

// InitError is Start's answer where FLBPluginInit refused an instance, as Fluent Bit would refuse to start.
type InitError struct {
	Instance int    // index into Config.Instances
	Code     int    // what FLBPluginInit answered; 0 (FLB_ERROR) or less is a refusal
	Log      string // all that the plugin wrote to standard output, Exit of earlier instances included
	Stderr   string // all that was written to standard error
}

func (e *InitError) Error() string {
	return fmt.Sprintf("instance %d: FLBPluginInit refused it with %d%s", e.Instance, e.Code, quote(e.Log, e.Stderr))
}

// ExitError is the answer to every call that waited when the host process ended otherwise than through Exit.
type ExitError struct {
	// Status is the exit status; 128 and the signal's number if a signal ended the process, as a shell has it.
	Status int
	// Reason is the exit in words: "exit status 1", "signal: killed", and why, if the driver killed it.
	Reason string
	Log    string // all that the plugin wrote to standard output
	Stderr string // all that was written to standard error: Go's crash report among it
}

func (e *ExitError) Error() string {
	return "the plugin host ended: " + e.Reason + quote(e.Log, e.Stderr)
}

// quote is the end of a log and the begin of what is on standard error, where a crash says what it is, indented for an
// error message.
func quote(log, stderr string) string {
	return indent("log", log, func(lines []string) []string { return lines[len(lines)-quotedLines:] }) +
		indent("standard error", stderr, func(lines []string) []string { return lines[:quotedLines] })
}

// indent is text under a name, cut if it has more lines than are quoted.
func indent(name, text string, cut func([]string) []string) string {
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return ""
	}
	lines := strings.Split(text, "\n")
	if n := len(lines); n > quotedLines {
		name = fmt.Sprintf("%s (%d of %d lines)", name, quotedLines, n)
		lines = cut(lines)
	}
	return "\n" + name + ":\n\t" + strings.Join(lines, "\n\t")
}
