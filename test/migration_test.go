package test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// A claim is a row of a migration page: what is set, and what the page says
// becomes of it.
type claim struct {
	given   options
	env     []string
	outcome outcome
	effects []string // lines of the start log
}

const setHeader = "| set |"

var (
	codeSpan = regexp.MustCompile("`([^`]*)`( \\*none\\*)?")
	envName  = regexp.MustCompile(`^[A-Z_]+$`)
)

// claimsOf reads the rows of the tables on a page that begin with what is set.
func claimsOf(t *testing.T, page string) (claims []claim) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", page))
	require.NoError(t, err)
	inTable := false
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.HasPrefix(line, setHeader):
			inTable = true
		case !strings.HasPrefix(line, "|"):
			inTable = false
		case inTable && !strings.HasPrefix(line, "|-"):
			claims = append(claims, claimIn(t, line))
		}
	}
	require.NotEmpty(t, claims)
	return claims
}

func claimIn(t *testing.T, row string) claim {
	t.Helper()
	cells := strings.Split(row, "|")
	require.Len(t, cells, 5, row)
	c := claim{given: options{}}
	for _, span := range codeSpan.FindAllStringSubmatch(cells[1], -1) {
		name, value, _ := strings.Cut(span[1], " ")
		require.Equal(t, span[2] != "", value == "", "a value, or none, for %s", name)
		if envName.MatchString(name) {
			c.env = append(c.env, name+"="+value)
		} else {
			c.given[name] = value
		}
	}
	now := cells[3]
	switch {
	case strings.Contains(now, "**refused**"):
		c.outcome = refused
	case strings.Contains(now, "**warning**"):
		c.outcome = warned
	}
	for _, span := range codeSpan.FindAllStringSubmatch(now, -1) {
		if strings.Contains(span[1], " = ") {
			c.effects = append(c.effects, span[1])
		}
	}
	return c
}

// has tells whether the claim sets any of the options.
func (c claim) has(names ...string) bool {
	for _, name := range names {
		if c.given[name] != "" {
			return true
		}
	}
	return false
}

// whatItSets is a name for the claim.
func (c claim) whatItSets() string {
	text := strings.Join(c.env, " ")
	for name, value := range c.given {
		text += " " + name + " " + value
	}
	return strings.TrimSpace(text)
}

// check holds the log of an instance against the claim.
func (c claim) check(t *testing.T, log logLines, instance string) {
	t.Helper()
	var warnings logLines
	for _, line := range log.with("warning") {
		if strings.HasPrefix(line.text, instance) || strings.HasPrefix(line.text, "[kinesis] ") {
			warnings = append(warnings, line)
		}
	}
	require.Equal(t, c.outcome == warned, len(warnings) > 0, strings.Join(warnings.texts("warning"), "\n"))
	for _, effect := range c.effects {
		require.Contains(t, log.texts("info"), instance+effect)
	}
}

// TestTheMigrationPagesAreTrue starts the plugin with each row of their tables,
// and sends a record where the stream is that of the test.
func TestTheMigrationPagesAreTrue(t *testing.T) {
	for _, page := range []string{"migrate-from-the-go-plugin.md", "migrate-from-kinesis_streams.md"} {
		t.Run(page, func(t *testing.T) {
			s := runStream(t, kinesistest.Options{})
			var together []claim
			var sections []options
			for _, c := range claimsOf(t, page) {
				if c.outcome != refused && c.env == nil {
					together, sections = append(together, c), append(sections, c.given)
					continue
				}
				t.Run(c.whatItSets(), func(t *testing.T) { requireAlone(t, s, c) })
			}
			h := runHost(t, s, flbhost.Config{}, sections...)
			log := logOf(h)
			for i, c := range together {
				t.Run(c.whatItSets(), func(t *testing.T) {
					c.check(t, log, "[kinesis "+decimal(i)+"] ")
					if c.has("stream", "endpoint", "sts_endpoint", "role_arn", "profile") {
						return
					}
					result, err := h.Flush(i, "tag", one(when, F("log", "x"), F("stream", "stdout")).Bytes())
					require.NoError(t, err)
					require.Equal(t, flbhost.OK, result.Code)
				})
			}
		})
	}
}

// requireAlone starts a claim that has the environment, or the start, to itself.
func requireAlone(t *testing.T, s *kinesistest.Server, c claim) {
	t.Helper()
	config := flbhost.Config{Env: c.env}
	if c.outcome == refused {
		require.NotEmpty(t, refusedStart(t, s, config, c.given).texts("error"))
		return
	}
	c.check(t, logOf(runHost(t, s, config, c.given)), "[kinesis 0] ")
}

// TestTheMigrationPagesLeaveNoOptionOut has the names of all options that there
// were.
func TestTheMigrationPagesLeaveNoOptionOut(t *testing.T) {
	for page, names := range map[string]string{
		"migrate-from-the-go-plugin.md": "region stream partition_key data_keys log_key role_arn endpoint sts_endpoint append_newline time_key " +
			"time_key_format experimental_concurrency experimental_concurrency_retries aggregation compression replace_dots http_request_timeout " +
			"aggregation_maximum_record_size skip_aggregation_record_size aggregation_compression aggregation_compression_level " +
			"enrich_records enrich_eks_records enable_eks_metric eks_metric_port",
		"migrate-from-kinesis_streams.md": "region stream time_key time_key_format role_arn endpoint sts_endpoint external_id log_key " +
			"auto_retry_requests profile simple_aggregation compression",
	} {
		claims := claimsOf(t, page)
		for _, name := range strings.Fields(names) {
			found := false
			for _, c := range claims {
				found = found || c.has(name)
			}
			require.True(t, found, "%s has no row for %s", page, name)
		}
	}
}
