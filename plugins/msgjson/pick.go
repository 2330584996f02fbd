package msgjson

// A Pick says what becomes of a member of a record's own map.
type Pick uint16

// The picks, to be combined. A member without Write is left out of the JSON. Which
// note stands for what is the caller's to say.
const (
	Write Pick = 1 << iota // the member goes into the JSON
	Note1                  // its value can be had from Noted(Note1)
	Note2                  // its value can be had from Noted(Note2)
	Note3                  // its value can be had from Noted(Note3)
	Mark                   // that there is such a member is told by Marked
)

// Marked tells whether the last record has a member that was picked with Mark.
func (e *Encoder) Marked() bool { return e.notes.marked }

// MaxNumbered is how many values of a record can be noted by a number.
const MaxNumbered = 8

const firstNumbered = 16 - MaxNumbered // bit of a Pick

// Numbered is the pick that notes a value under a number from 0 on, less than
// Options.Numbered. It can be had from NotedAs.
func Numbered(n int) Pick { return 1 << (firstNumbered + n) }

// NotedAs is Noted for a value that was picked with Numbered(n).
func (e *Encoder) NotedAs(n int, src []byte) (value []byte, ok bool) {
	s := &e.numbered[n]
	return src[s.start:s.end], s.found
}

// Noted is the value, as msgpack, of the last member of the last record that
// was picked with this note. src is the record.
func (e *Encoder) Noted(note Pick, src []byte) (value []byte, ok bool) {
	n := e.notes.of(note)
	return src[n.start:n.end], n.found
}

func (e *Encoder) pick(key []byte, depth int) Pick {
	if depth > 1 || e.options.Pick == nil {
		return Write
	}
	return e.options.Pick(key)
}

// notes are where the values lie in a record that were noted.
type notes struct {
	first, second, third span
	marked               bool
}

type span struct {
	start, end int
	found      bool
}

func (n *notes) of(note Pick) *span {
	switch note {
	case Note1:
		return &n.first
	case Note2:
		return &n.second
	}
	return &n.third
}

// number notes a value under its numbers, as the pick of its member says.
func (e *Encoder) number(pick Pick, start, end int) {
	for n := range e.numbered {
		if pick&Numbered(n) != 0 {
			e.numbered[n] = span{start, end, true}
		}
	}
}

// take notes a value as the pick of its member says.
func (n *notes) take(pick Pick, start, end int) {
	if pick&Note1 != 0 {
		n.first = span{start, end, true}
	}
	if pick&Note2 != 0 {
		n.second = span{start, end, true}
	}
	if pick&Mark != 0 {
		n.marked = true
	}
	if pick&Note3 != 0 {
		n.third = span{start, end, true}
	}
}
