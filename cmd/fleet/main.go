// Command fleet simulates agents that send to one stream at its limit, each with
// the plugin's own pacer. No time passes: a run of minutes takes a second.
//
//	go run ./cmd/fleet                       a table of all scenarios
//	go run ./cmd/fleet -limits windows       with shards that count as the embedded stream's do
//	go run ./cmd/fleet -svg docs/fleet.svg   and a picture of the fleet's goodput and refusals
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

// settings are what was asked for.
type settings struct {
	fleet
	limits string
	only   string
	seed   uint64
	seeds  int
	svg    string
}

func run(args []string) error {
	var s settings
	flags := flag.NewFlagSet("fleet", flag.ContinueOnError)
	flags.IntVar(&s.agents, "agents", 1000, "agents in a fleet")
	flags.IntVar(&s.shards, "shards", 100, "shards of its stream")
	flags.StringVar(&s.limits, "limits", "bucket", "how shards count, one or several of: bucket (a second saved up), strict (a quarter), windows (anew in each second), windows-apart (in seconds of their own)")
	flags.StringVar(&s.only, "only", "", "only scenarios with this in their name")
	flags.Uint64Var(&s.seed, "seed", 1, "where chance begins: the same seed is the same run")
	flags.IntVar(&s.seeds, "seeds", 1, "run each with so many seeds; the table has the worst")
	flags.StringVar(&s.svg, "svg", "", "draw the fleets' goodput and refusals, with the first of the limits, into this file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	for name := range strings.SplitSeq(s.limits, ",") {
		l, err := limitsOf(name)
		if err != nil {
			return err
		}
		s.table(os.Stdout, l)
		if s.svg != "" {
			return picture(s.svg, l, s.fleet.scenarios(), s.seed)
		}
	}
	return nil
}

// scenarios are those that were asked for.
func (s *settings) scenarios() []scenario {
	var asked []scenario
	for _, sc := range append(few(), s.fleet.scenarios()...) {
		if strings.Contains(sc.name, s.only) {
			asked = append(asked, sc)
		}
	}
	return asked
}
