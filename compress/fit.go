package compress

import "errors"

// ErrNoFit is Fit's error where not even an empty prefix of the input fits.
var ErrNoFit = errors.New("compressed, not even an empty prefix is short enough")

const (
	// maxCuts is how many lengths Fit tries at most, after the whole input and before the empty prefix.
	maxCuts = 6
	// An output that leaves at most this part of the limit unused is good enough; half of that is aimed at.
	slackPart = 32
)

// Fit appends to dst the compressed form of src if that is at most limit bytes long, or else of the longest cut(n) that
// it finds to be. It returns how many bytes of src were kept: len(src), or the n of that cut.
//
// cut(n), for 0 <= n < len(src), is src cut to at most n bytes, with whatever says that it was cut; Fit is done with it
// before it asks for another. Where not even cut(0) fits, the error is ErrNoFit and dst is returned as it was.
//
// An input that fits costs one compression, and a cut one usually two or three, at most eight, none of more than src
// and the mark of the cut. The output of data whose start compresses about as well as its end uses 31/32 of the limit
// or more; of other data it uses what is found by then. The limit does not count what dst already holds.
func Fit(c Compressor, dst, src []byte, limit int, cut func(n int) []byte) (out []byte, n int, err error) {
	out, err = c.Append(dst, src)
	if err != nil {
		return dst, 0, err
	}
	if size := len(out) - len(dst); size > limit {
		return fitCut(c, out[:len(dst)], bracket{high: cutSize{len(src), size}, limit: limit}, cut)
	}
	return out, len(src), nil
}

func fitCut(c Compressor, dst []byte, b bracket, cut func(n int) []byte) (out []byte, n int, err error) {
	f := fitting{c: c, start: len(dst), out: dst, bracket: b, kept: -1}
	for cuts := 0; cuts < maxCuts && f.open() && !f.good(); cuts++ {
		if err := f.try(f.guess(), cut); err != nil {
			return dst, 0, err
		}
	}
	if f.kept < 0 {
		if err := f.try(0, cut); err != nil {
			return dst, 0, err
		}
	}
	if f.kept < 0 {
		return dst, 0, ErrNoFit
	}
	return f.out, f.kept, nil
}

// A fitting is a search under way.
type fitting struct {
	c     Compressor
	start int    // of the output in out
	out   []byte // up to the end of the best output so far
	kept  int    // the length that this is of, -1 while there is none
	bracket
}

// try compresses the input cut at this length. If the output fits it replaces the best so far, which is of less input.
func (f *fitting) try(length int, cut func(n int) []byte) error {
	end := len(f.out)
	tried, err := f.c.Append(f.out, cut(length))
	if err != nil {
		return err
	}
	size := len(tried) - end
	f.narrow(cutSize{length, size})
	f.out = tried[:end]
	if size <= f.limit {
		f.out = append(tried[:f.start], tried[end:]...)
		f.kept = length
	}
	return nil
}

// good is whether the best output so far leaves little of the limit.
func (f *fitting) good() bool {
	return f.kept >= 0 && f.low.size >= f.limit-f.limit/slackPart
}

// A cutSize is how long the output was for a length of the input.
type cutSize struct{ length, size int }

// A bracket is what is known of the length to cut at: low fits (or is 0, of which is assumed that it costs nothing),
// high does not.
type bracket struct {
	low, high cutSize
	limit     int
	streak    int // how often in a row the same end has moved: above 0 low, below 0 high
}

// open is whether there is a length between the ends.
func (b *bracket) open() bool { return b.high.length-b.low.length > 1 }

// guess is the length between the ends to try next. As if the output grew in proportion with the input, which it about
// does; but once that was twice wrong to the same side, the middle.
func (b *bracket) guess() int {
	width := b.high.length - b.low.length
	step := width / 2
	if b.streak < 2 && b.streak > -2 {
		aim := b.limit - b.limit/slackPart/2
		step = int(float64(width) * float64(aim-b.low.size) / float64(b.high.size-b.low.size))
	} else {
		b.streak = 0
	}
	return b.low.length + max(1, min(step, width-1))
}

func (b *bracket) narrow(c cutSize) {
	if c.size > b.limit {
		b.high = c
		b.streak = min(b.streak, 0) - 1
		return
	}
	b.low = c
	b.streak = max(b.streak, 0) + 1
}
