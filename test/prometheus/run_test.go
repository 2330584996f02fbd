package prometheus

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestARunWithFaultsIsSeen has one Prometheus watch all scenes at once: that
// they do not touch each other is part of what is tested.
func TestARunWithFaultsIsSeen(t *testing.T) {
	program(t, "prometheus") // before anything is started
	rules, _ := readRules(t)
	p := start(t)
	s := runServer(t, p.page, hasten(t, rules))
	eventually(t, "all outputs are there", func() bool {
		return len(s.at(`fluentbit_kinesis_records_accepted_total > 0`)) == len(p.scenes)-1 // one never has credentials
	})
	began := time.Now()
	p.spoil(t)
	eventuallyEmpty(t, "alerts to fire", p.alerts(), func(a alert) bool {
		return len(s.at(`last_over_time(ALERTS{alertstate="firing", alertname="`+a.name+`", stream="`+a.stream+`"}[10m])`)) > 0
	})
	p.heal()
	eventually(t, "no alert fires any more", func() bool { return len(s.at(`ALERTS{alertstate="firing"}`)) == 0 })
	ended := time.Now()

	t.Run("and no alert fires but those", func(t *testing.T) { requireNoOthers(t, s, p.scenes) })
	t.Run("and every panel shows it", func(t *testing.T) { requirePanels(t, s, began, ended) })
	t.Run("and every variable has values", func(t *testing.T) { requireVariables(t, s, len(p.scenes)) })
	if *update {
		require.NoError(t, drawBoard(picture, s, readBoard(t), began, ended))
	}
}

func requireNoOthers(t *testing.T, s *server, scenes []scene) {
	t.Helper()
	fires := map[string][]string{}
	for _, sc := range scenes {
		fires[sc.stream] = sc.fires
	}
	for _, a := range s.at(`last_over_time(ALERTS{alertstate="firing"}[10m])`) {
		require.True(t, slices.Contains(fires[a.labels["stream"]], a.labels["alertname"]), "%v", a.labels)
	}
}

// requirePanels requires that each query of the dashboard had values, and not
// only noughts.
func requirePanels(t *testing.T, s *server, from, to time.Time) {
	t.Helper()
	for _, p := range readBoard(t).Panels {
		for _, x := range p.Targets {
			found := s.over(asGrafana(x.Expr), from, to)
			require.NotEmpty(t, found, "%s: %s", p.Title, x.Expr)
			require.True(t, slices.ContainsFunc(found, series.moves), "%s: %s", p.Title, x.Expr)
		}
	}
}

func requireVariables(t *testing.T, s *server, outputs int) {
	t.Helper()
	for _, v := range readBoard(t).Templating.List {
		if v.Type != "query" {
			continue
		}
		parts := labelValues.FindStringSubmatch(v.Definition)
		require.NotNil(t, parts, v.Definition)
		var values []string
		s.get("label/"+parts[2]+"/values", url.Values{"match[]": {asGrafana(parts[1])}}, &values)
		require.Len(t, values, outputs, v.Name)
	}
}
