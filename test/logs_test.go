package test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// A logLine is a line of the plugin's log.
type logLine struct {
	level string // info, warning, error
	text  string // as a person reads it, the name of the instance in front
}

type logLines []logLine

// logFormat is how a line is written where the output is no terminal.
var logFormat = regexp.MustCompile(`^time="[^"]+" level=(\w+) msg=(".*"|\S+)$`)

// remarkOnWorkers is said where Fluent Bit's only thread flushes, as it does in
// most tests.
const remarkOnWorkers = "without workers, Fluent Bit has this output flush on its only thread"

// parseLog reads a log, and leaves out remarkOnWorkers, which has a test of its
// own. What is not a line of the plugin's has no level.
func parseLog(text string) (lines logLines) {
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		m := logFormat.FindStringSubmatch(line)
		if m == nil {
			lines = append(lines, logLine{text: line})
			continue
		}
		message, err := strconv.Unquote(m[2])
		if err != nil {
			message = m[2] // a message without blanks has no quotes
		}
		if !strings.Contains(message, remarkOnWorkers) {
			lines = append(lines, logLine{level: m[1], text: message})
		}
	}
	return lines
}

// with is the lines of a level that have all the parts in them.
func (l logLines) with(level string, parts ...string) (found logLines) {
	for _, line := range l {
		missing := line.level != level
		for _, part := range parts {
			missing = missing || !strings.Contains(line.text, part)
		}
		if !missing {
			found = append(found, line)
		}
	}
	return found
}

// without leaves out the lines that have one of the parts in them.
func (l logLines) without(parts ...string) (left logLines) {
	for _, line := range l {
		if !slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(line.text, part) }) {
			left = append(left, line)
		}
	}
	return left
}

// texts is the lines of a level, in order.
func (l logLines) texts(level string) (texts []string) {
	for _, line := range l {
		if line.level == level {
			texts = append(texts, line.text)
		}
	}
	return texts
}

// levelOf is the level of a line: a request that was denied needs a person, all
// else that fails passes by itself.
func levelOf(parts ...string) string {
	if strings.Contains(strings.Join(parts, " "), "failed (denied)") {
		return "error"
	}
	return "warning"
}

// requireLine requires a line of that level with all the parts in it.
func requireLine(t *testing.T, log logLines, level string, parts ...string) {
	t.Helper()
	if len(log.with(level, parts...)) == 0 {
		require.FailNowf(t, "a line is missing in the log", "level %s with %q among:\n%s", level, parts, strings.Join(log.texts(level), "\n"))
	}
}

// requireNoLine requires that no line of that level has all the parts in it.
func requireNoLine(t *testing.T, log logLines, level string, parts ...string) {
	t.Helper()
	if found := log.with(level, parts...); len(found) > 0 {
		require.FailNowf(t, "a line in the log should not be there", "%s", strings.Join(found.texts(level), "\n"))
	}
}

// logOf is the log of a host so far.
func logOf(h *flbhost.Host) logLines { return parseLog(h.Log()) }

// exitLog ends a host and returns its log.
func exitLog(t *testing.T, h *flbhost.Host) logLines {
	t.Helper()
	require.NoError(t, h.Exit())
	return logOf(h)
}

// requireCleanLog requires that neither credentials nor signs of a panic are in
// what the host wrote, and that all of the log is lines of the plugin's.
func requireCleanLog(t *testing.T, s *kinesistest.Server, log, stderr string) {
	t.Helper()
	for _, secret := range secretsOf(s) {
		if strings.Contains(log, secret) || strings.Contains(stderr, secret) {
			require.FailNow(t, "credentials in the log")
		}
	}
	for _, trace := range []string{"internal error", "goroutine ", "panic"} {
		require.NotContains(t, log, trace)
		require.NotContains(t, stderr, trace)
	}
	for _, line := range parseLog(log) {
		require.NotEmpty(t, line.level, "not a line of the plugin's log: %.200q", line.text)
	}
}

// secretsOf is what must be in no log: the secrets that requests were signed
// with, those of roles included, and the tokens that go with them.
func secretsOf(s *kinesistest.Server) []string {
	secrets := []string{kinesistest.DefaultCredentials.SecretAccessKey}
	for _, call := range s.AssumeRoleCalls() {
		for _, secret := range []string{call.Issued.SecretAccessKey, call.Issued.SessionToken} {
			if secret != "" {
				secrets = append(secrets, secret)
			}
		}
	}
	return secrets
}
