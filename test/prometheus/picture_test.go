package prometheus

import (
	"fmt"
	"os"
	"regexp"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// drawBoard draws the lines of a dashboard into an SVG, two panels beside each
// other, as they lie in it.
func drawBoard(path string, s *server, b board, from, to time.Time) error {
	const columns, width, height = 2, 11 * vg.Inch, 2.4 * vg.Inch
	var plots [][]*plot.Plot
	n := 0
	for _, p := range b.Panels {
		if p.Type != "timeseries" {
			continue
		}
		one, err := chart(s, p, from, to)
		if err != nil {
			return err
		}
		if n%columns == 0 {
			plots = append(plots, make([]*plot.Plot, columns))
		}
		plots[n/columns][n%columns] = one
		n++
	}
	canvas := vgsvg.New(width, height*vg.Length(len(plots)))
	tiles := draw.Tiles{
		Rows: len(plots), Cols: columns, PadX: vg.Points(14), PadY: vg.Points(12),
		PadTop: vg.Points(6), PadBottom: vg.Points(6), PadLeft: vg.Points(4), PadRight: vg.Points(10),
	}
	for i, row := range plot.Align(plots, tiles, draw.New(canvas)) {
		for j, cell := range row {
			if plots[i][j] != nil {
				plots[i][j].Draw(cell)
			}
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := canvas.WriteTo(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// axes are what Grafana's units are called here.
var axes = map[string]string{"short": "", "s": "seconds", "Bps": "bytes/s", "reqps": "requests/s"}

// chart is a panel. A line that is nought all the time is left out.
func chart(s *server, p panel, from, to time.Time) (*plot.Plot, error) {
	axis, known := axes[p.FieldConfig.Defaults.Unit]
	if !known {
		return nil, fmt.Errorf("%s: no name for the unit %q", p.Title, p.FieldConfig.Defaults.Unit)
	}
	c := plot.New()
	c.Title.Text, c.Y.Label.Text, c.X.Label.Text = p.Title, axis, "seconds of the run"
	c.Y.Min, c.X.Min, c.X.Max = 0, 0, to.Sub(from).Seconds()
	c.Legend.Top, c.Legend.TextStyle.Font.Size = true, vg.Points(8)
	c.Add(plotter.NewGrid())
	n := 0
	for _, x := range p.Targets {
		for _, one := range s.over(asGrafana(x.Expr), from, to) {
			if !one.moves() {
				continue
			}
			xys := make(plotter.XYs, len(one.values))
			for i, v := range one.values {
				xys[i] = plotter.XY{X: one.times[i] - float64(from.UnixMilli())/1000, Y: v}
			}
			l, err := plotter.NewLine(xys)
			if err != nil {
				return nil, err
			}
			l.Color = plotutil.Color(n)
			c.Add(l)
			c.Legend.Add(one.legend(x.LegendFormat), l)
			n++
		}
	}
	c.Y.Max *= 1.4 // room for the legend
	return c, nil
}

var inLegend = regexp.MustCompile(`\{\{(\w+)\}\}`)

// legend is what a line is called, by a format of Grafana's.
func (s series) legend(format string) string {
	return inLegend.ReplaceAllStringFunc(format, func(found string) string {
		return s.labels[inLegend.FindStringSubmatch(found)[1]]
	})
}
