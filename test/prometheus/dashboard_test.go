package prometheus

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A board is what these tests look at of Grafana's dashboard.
type board struct {
	ID            *int
	UID, Title    string
	SchemaVersion int
	Templating    struct{ List []variable }
	Panels        []panel
}

type variable struct {
	Name, Type, Definition, AllValue string
	Query                            json.RawMessage
}

type panel struct {
	ID          int
	Type, Title string
	Description string
	Datasource  source
	GridPos     struct{ X, Y, W, H int }
	FieldConfig struct{ Defaults struct{ Unit string } }
	Targets     []target
}

type source struct{ Type, UID string }

type target struct {
	RefID, Expr, LegendFormat string
	Datasource                source
}

func readBoard(t *testing.T) (b board) {
	t.Helper()
	text, err := os.ReadFile(dashboard)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &b))
	return b
}

// Grafana itself is not at hand: what it needs to import a dashboard is written
// out here. schemaVersion 38 is that of Grafana 10, which later ones migrate.
func TestTheDashboardIsOneThatGrafanaImports(t *testing.T) {
	b := readBoard(t)
	require.Nil(t, b.ID, "whoever imports it gives it one")
	require.NotEmpty(t, b.UID)
	require.NotEmpty(t, b.Title)
	require.Equal(t, 38, b.SchemaVersion)

	var names []string
	for _, v := range b.Templating.List {
		names = append(names, v.Name)
	}
	require.Equal(t, []string{"datasource", "stream", "output"}, names)

	ids, cells := map[int]bool{}, map[[2]int]string{}
	for _, p := range b.Panels {
		require.False(t, ids[p.ID], p.Title)
		ids[p.ID] = true
		require.Contains(t, []string{"stat", "table", "timeseries"}, p.Type, p.Title)
		require.NotEmpty(t, p.Description, p.Title)
		require.NotEmpty(t, p.FieldConfig.Defaults.Unit, p.Title)
		require.Equal(t, source{"prometheus", "${datasource}"}, p.Datasource, p.Title)
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			require.Less(t, x, 24, p.Title)
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				require.Empty(t, cells[[2]int{x, y}], "%s lies on another", p.Title)
				cells[[2]int{x, y}] = p.Title
			}
		}
		require.NotEmpty(t, p.Targets, p.Title)
		refs := map[string]bool{}
		for _, x := range p.Targets {
			require.False(t, refs[x.RefID], p.Title)
			refs[x.RefID] = true
			require.Equal(t, p.Datasource, x.Datasource, p.Title)
			requireMetrics(t, x.Expr)
			chosen := strings.Count(x.Expr, `{stream=~"$stream", output=~"$output"}`)
			require.Len(t, metricName.FindAllString(x.Expr, -1), chosen, "%s: each metric is of the outputs that were chosen", p.Title)
		}
	}
}

func TestThePictureIsOfTheDashboard(t *testing.T) {
	drawn, err := os.ReadFile(picture)
	require.NoError(t, err)
	for _, p := range readBoard(t).Panels {
		if p.Type == "timeseries" {
			require.Contains(t, string(drawn), ">"+p.Title+"<", "go test ./test/prometheus -run Run -update draws it")
		}
	}
}

// asGrafana is a query with the variables in it replaced as Grafana does where
// all outputs are chosen, and the windows as long as those of the alerts.
func asGrafana(query string) string {
	return strings.NewReplacer("$stream", ".*", "$output", ".*", "$__rate_interval", "5s", "$__range", "2m").Replace(query)
}

// labelValues is the query of a variable: of which series, and which label.
var labelValues = regexp.MustCompile(`^label_values\((.*), (\w+)\)$`)
