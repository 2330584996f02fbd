package supply

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A record is what the tests write into a Go vulnerability database, see https://go.dev/doc/security/vuln/database.
type record map[string]any

// strftimeAt is a vulnerability of all versions of a module that ./plugins uses, in one of its functions.
func strftimeAt(function string) record {
	return record{
		"schema_version": "1.3.1",
		"id":             "GO-2026-0001",
		"modified":       "2026-03-14T09:26:53Z",
		"published":      "2026-03-14T09:26:53Z",
		"summary":        "Dates are made up",
		"details":        "For the test.",
		"affected": []record{{
			"package":            record{"name": "github.com/lestrrat-go/strftime", "ecosystem": "Go"},
			"ranges":             []record{{"type": "SEMVER", "events": []record{{"introduced": "0"}}}},
			"ecosystem_specific": record{"imports": []record{{"path": "github.com/lestrrat-go/strftime", "symbols": []string{function}}}},
		}},
		"database_specific": record{"url": "https://pkg.go.dev/vuln/GO-2026-0001"},
	}
}

// vulnerabilities writes a database that knows these, and returns its address.
func vulnerabilities(t *testing.T, known ...record) string {
	t.Helper()
	dir := t.TempDir()
	modules := []record{}
	for _, r := range known {
		modules = append(modules, record{
			"path":  r["affected"].([]record)[0]["package"].(record)["name"],
			"vulns": []record{{"id": r["id"], "modified": r["modified"]}},
		})
		writeJSON(t, filepath.Join(dir, "ID", r["id"].(string)+".json"), r)
	}
	writeJSON(t, filepath.Join(dir, "index", "modules.json"), modules)
	writeJSON(t, filepath.Join(dir, "index", "db.json"), record{"modified": "2026-03-14T09:26:53Z"})
	return "file://" + filepath.ToSlash(dir)
}

func writeJSON(t *testing.T, file string, content any) {
	t.Helper()
	text, err := json.Marshal(content)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
	require.NoError(t, os.WriteFile(file, text, 0o600))
}

// Nobody listens there.
const outOfReach = "http://127.0.0.1:1"

func TestMakeVuln(t *testing.T) {
	for name, c := range map[string]struct {
		database string
		ci       string
		passes   bool
		says     string
	}{
		"passes where nothing is known":          {vulnerabilities(t), "true", true, "No vulnerabilities found"},
		"fails where a vulnerability is reached": {vulnerabilities(t, strftimeAt("New")), "", false, "GO-2026-0001"},
		"passes where the vulnerable function is not called": {
			vulnerabilities(t, strftimeAt("NobodyCallsThis")), "true", true, "Your code is affected by 0 vulnerabilities",
		},
		"says that nothing was checked where the database is out of reach": {outOfReach, "", true, "Nothing was checked"},
		"fails in CI where the database is out of reach":                   {outOfReach, "true", false, "Nothing was checked"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := runMake(t, []string{"CI=" + c.ci}, "vuln", "VULNDB="+c.database, "PACKAGES=./plugins")
			require.Equal(t, c.passes, err == nil, out)
			require.Contains(t, out, c.says)
		})
	}
}
