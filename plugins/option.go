package plugins

// An Option is a row of an output's table of options. All that is known of the
// option stands in its row: how its text is read and where to, what the log and
// the documentation say of it, and what becomes of values that are not valid.
type Option struct {
	Name    string
	Group   string   // the heading that it stands under
	Value   Value    // what its text is read into
	Default string   // the text that stands in where it is not set; "" leaves the variable as it is
	Must    string   // of an option that must be set: what to set it to
	Env     bool     // it comes from the environment
	Below   []string // variables of the environment that stand in where it is not set: the first that is set
	Secret  bool     // its value is in no message and in no Setting
	Odd     Odd
	Needs   []string // options without which it has no effect; "a or b" where one of them will do

	Help    string // for the documentation
	Example string
	Shown   string // in place of Default, where that is no text of one value
}

// A Value is a variable that an option's text is read into. Its constructors
// are the kinds of options: [Bool], [Int], [Size] and so on, and [Parsed] for an
// output's own.
type Value interface {
	// Set reads a text, without the blanks around it unless the Value is a
	// [Text]. The error says what would be valid. If it is a [Bent], something
	// could be made of the text all the same, and the variable is set to that.
	Set(text string) error
	// String is the variable as the log shows it, "" where it is not set.
	String() string
}

// A Bent is the error for a text that is not valid, but near to something that
// is: a number out of its range, a word that is no boolean.
type Bent struct {
	Rule string // what would be valid
	Used string // what is made of the text; "" for the variable as it is shown
}

func (b *Bent) Error() string { return b.Rule }

// Odd says whether a text that a Value has bent is taken, with a warning, or
// refused. The zero value refuses it.
type Odd struct {
	taken         bool
	with, without string // options that must be set, or must not
}

var (
	// Refused is for what never was valid: a mistake in it stops the start.
	Refused = Odd{}
	// Taken is for options whose odd values have always been started with.
	Taken = Odd{taken: true}
)

// TakenWith takes odd values where the other option is set.
func TakenWith(option string) Odd { return Odd{taken: true, with: option} }

// TakenWithout takes odd values where the other option is not set.
func TakenWithout(option string) Odd { return Odd{taken: true, without: option} }

func (odd Odd) takes(o *Options) bool {
	return odd.taken && (odd.with == "" || o.IsSet(odd.with)) && (odd.without == "" || !o.IsSet(odd.without))
}

// A Table is the options of an output, in the order in which they are read,
// logged and documented.
type Table []Option

// Find returns the row of that name, nil where there is none.
func (t Table) Find(name string) *Option {
	for i := range t {
		if t[i].Name == name {
			return &t[i]
		}
	}
	return nil
}
