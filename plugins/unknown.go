package plugins

import "strings"

// An Elsewhere is an option that an output does not have, but that people bring
// along from another.
type Elsewhere struct {
	Name    string
	Instead string // what to use in its place, or why nothing is needed
}

// Unknown names the options that are set in the source and not in the table,
// each with what to use instead: those that are known from elsewhere, and
// misspellings of the table's own. A Source can be asked for options by name
// alone, so it finds what it can guess. Values are never part of it.
func (t Table) Unknown(source Source, elsewhere []Elsewhere) (found []string) {
	asked := make(map[string]bool, 100*len(t))
	for i := range t {
		asked[t[i].Name] = true
	}
	ask := func(name, instead string) {
		if asked[name] {
			return
		}
		asked[name] = true
		if strings.TrimSpace(source.Get(name)) != "" {
			found = append(found, name+" ("+instead+")")
		}
	}
	for _, e := range elsewhere {
		ask(e.Name, e.Instead)
	}
	for i := range t {
		if t[i].Env {
			continue
		}
		for _, name := range misspellings(t[i].Name) {
			ask(name, "did you mean "+t[i].Name+"?")
		}
	}
	return found
}

// misspellings are the mistakes that people make in a name of lower-case words
// with underscores between them: a letter left out, typed twice, or swapped with
// the next one, a vowel for another, a sign or none in place of the underscores,
// an s too many or too few at the end. Case does not count for Fluent Bit.
func misspellings(name string) (names []string) {
	for i := range name {
		before, letter, after := name[:i], name[i:i+1], name[i+1:]
		names = append(names, before+after, before+letter+letter+after)
		if after != "" && after[:1] != letter {
			names = append(names, before+after[:1]+letter+after[1:])
		}
		if strings.Contains(vowels, letter) {
			for _, other := range vowels {
				names = append(names, before+string(other)+after)
			}
		}
	}
	for _, between := range []string{"-", ".", ""} {
		names = append(names, strings.ReplaceAll(name, "_", between))
	}
	if singular, plural := strings.CutSuffix(name, "s"); plural {
		return append(names, singular)
	}
	return append(names, name+"s")
}

const vowels = "aeiou"
