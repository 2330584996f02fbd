package main

import (
	"fmt"
	"image/color"
	"os"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// What a second came to is a step of a line.
var (
	acceptedColour = color.RGBA{R: 0x1f, G: 0x77, B: 0xb4, A: 0xff}
	refusedColour  = color.RGBA{R: 0xd6, G: 0x27, B: 0x28, A: 0xff}
)

// picture draws what the stream accepted and refused in each second of some
// scenarios, one below the other.
func picture(path string, l limits, scenarios []scenario, seed uint64) error {
	const width, height = 8 * vg.Inch, 2.2 * vg.Inch
	if len(scenarios) == 0 {
		return fmt.Errorf("nothing to draw")
	}
	plots := make([][]*plot.Plot, len(scenarios))
	for i, sc := range scenarios {
		p, err := chart(sc.name, sc.run(seed, l).seconds)
		if err != nil {
			return err
		}
		p.Legend.Top = true
		if i == len(scenarios)-1 {
			p.X.Label.Text = "seconds"
		}
		plots[i] = []*plot.Plot{p}
	}
	canvas := vgsvg.New(width, height*vg.Length(len(scenarios)))
	tiles := draw.Tiles{Rows: len(scenarios), Cols: 1, PadY: vg.Points(10), PadTop: vg.Points(5), PadBottom: vg.Points(5), PadRight: vg.Points(10)}
	for i, row := range plot.Align(plots, tiles, draw.New(canvas)) {
		plots[i][0].Draw(row[0])
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

// chart is what was accepted and refused in each second of one run.
func chart(title string, s *seconds) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = title
	p.Y.Label.Text = "1,000 records/s"
	p.Y.Min = 0
	p.Add(plotter.NewGrid())
	for _, line := range []struct {
		name   string
		values []float64
		colour color.Color
	}{
		{"accepted", s.accepted, acceptedColour},
		{"refused", s.refused, refusedColour},
	} {
		l, err := plotter.NewLine(points(line.values))
		if err != nil {
			return nil, err
		}
		l.StepStyle = plotter.PostStep
		l.Color = line.colour
		p.Add(l)
		p.Legend.Add(line.name, l)
	}
	return p, nil
}

// points are the seconds until nothing is left to be sent.
func points(values []float64) plotter.XYs {
	xys := make(plotter.XYs, len(values))
	for i, v := range values {
		xys[i] = plotter.XY{X: float64(i), Y: v / 1000}
	}
	return xys
}
