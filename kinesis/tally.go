package kinesis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
)

// A tally is what has become of the records of one stream. All fields are read
// and written atomically.
type tally struct {
	accepted   atomic.Int64
	refused    atomic.Int64 // for the stream's pace, each time
	handedBack atomic.Int64 // given up; in the background, lost
}

func (t *tally) now() tallied {
	return tallied{t.accepted.Load(), t.refused.Load(), t.handedBack.Load()}
}

// String is [tallied.String] of now.
func (t *tally) String() string { return t.now().String() }

// tallied is what a tally was at one time.
type tallied struct{ accepted, refused, handedBack int64 }

func (t tallied) plus(o tallied) tallied {
	return tallied{t.accepted + o.accepted, t.refused + o.refused, t.handedBack + o.handedBack}
}

// String is the numbers, those that are zero left out but for the first.
func (t tallied) String() string {
	text := fmt.Sprintf("accepted %d", t.accepted)
	if t.refused > 0 {
		text += fmt.Sprintf(", throttled %d", t.refused)
	}
	if t.handedBack > 0 {
		text += fmt.Sprintf(", given up %d", t.handedBack)
	}
	return text
}

// size is what a tally is ranked by: all that there was for the stream.
func (t tallied) size() int64 { return t.accepted + t.handedBack }

// tallies are what has become of the records of streams, by their names. Names
// come from data: beyond mostTallies they are not told apart.
type tallies map[string]tallied

const (
	mostTallies  = 1000
	shownTallies = 10
	otherStreams = "" // stands for those that are not told apart
)

// add adds to the numbers of a stream.
func (ts tallies) add(name string, t tallied) {
	if _, known := ts[name]; !known && len(ts) >= mostTallies {
		name = otherStreams
	}
	ts[name] = ts[name].plus(t)
}

// String is the streams that had the most records, and the others as one.
func (ts tallies) String() string {
	names := make([]string, 0, len(ts))
	others, apart := tallied{}, false
	for name, t := range ts {
		if name == otherStreams {
			others, apart = t, true
			continue
		}
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(ts[b].size(), ts[a].size()), cmp.Compare(a, b))
	})
	shown := names[:min(len(names), shownTallies)]
	rest := names[len(shown):]
	var parts []string
	for _, name := range shown {
		parts = append(parts, fmt.Sprintf("%s: %v", name, ts[name]))
	}
	for _, name := range rest {
		others = others.plus(ts[name])
	}
	switch {
	case apart:
		parts = append(parts, fmt.Sprintf("%d others and more: %v", len(rest), others))
	case len(rest) > 0:
		parts = append(parts, fmt.Sprintf("%d others: %v", len(rest), others))
	}
	return strings.Join(parts, "; ")
}
