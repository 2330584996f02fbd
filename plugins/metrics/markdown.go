package metrics

import "strings"

// Markdown is the metrics as the documentation has them: a row for each, with
// the values that its labels can have.
func (r *Registry) Markdown() string {
	var b strings.Builder
	b.WriteString("| metric | kind | what it is |\n|---|---|---|\n")
	for i := range r.Families {
		f := &r.Families[i]
		b.WriteString("| `" + r.FullName(f) + "` | " + f.Kind.String() + " | " + f.Help + f.shownLabels() + " |\n")
	}
	return b.String()
}

// shownLabels names the labels of a family, and what they can be where that is
// more than one thing.
func (f *Family) shownLabels() string {
	if len(f.Series) < 2 {
		return ""
	}
	var b strings.Builder
	for i, label := range f.Labels {
		b.WriteString(" By `" + label + "`")
		for j := range f.Series {
			b.WriteString([]string{": ", ", "}[min(j, 1)] + "`" + f.Series[j].Values[i] + "`")
		}
		b.WriteString(".")
	}
	return b.String()
}
