package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// table prints the figures of all scenarios.
func (s *settings) table(to io.Writer, l limits) {
	fmt.Fprintf(to, "limits: %s\n", l.name)
	t := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "scenario\tgoodput\twaste\tworst second\tJain\tslower/faster\trecovered\tlost\t")
	for _, sc := range s.scenarios() {
		f := sc.run(s.seed, l)
		for i := 1; i < s.seeds; i++ {
			f = worse(f, sc.run(s.seed+uint64(i), l))
		}
		fmt.Fprintf(t, "%s\t%.2f\t%.3f\t%.2f\t%s\t%s\t%s\t%d\t\n",
			sc.name, f.pace, f.waste, f.worst, share(f.jain), share(f.slower), span(f.recover), f.lost)
	}
	t.Flush()
}

// worse has the worse of each figure.
func worse(a, b figures) figures {
	longest := max(a.recover, b.recover)
	if min(a.recover, b.recover) < 0 {
		longest = -1
	}
	return figures{
		waste: max(a.waste, b.waste), pace: min(a.pace, b.pace), worst: max(a.worst, b.worst),
		jain: min(a.jain, b.jain), slower: min(a.slower, b.slower), recover: longest, lost: max(a.lost, b.lost),
		seconds: a.seconds,
	}
}

func share(x float64) string {
	if x == 0 || x == 1 {
		return "-"
	}
	return fmt.Sprintf("%.3f", x)
}

func span(d time.Duration) string {
	if d < 0 {
		return "-"
	}
	return fmt.Sprint(d)
}
