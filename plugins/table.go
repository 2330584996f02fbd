package plugins

import "strings"

// Markdown is the table as the documentation has it: a row for each option that
// does not come from the environment, under the headings of their groups.
func (t Table) Markdown() string {
	var b strings.Builder
	b.WriteString("| option | default | what it does | example |\n|---|---|---|---|\n")
	group := ""
	for i := range t {
		row := &t[i]
		if row.Env {
			continue
		}
		if row.Group != group {
			group = row.Group
			b.WriteString("| **" + group + "** | | | |\n")
		}
		b.WriteString("| `" + row.Name + "` | " + row.shownDefault() + " | " + row.Help + " | `" + row.Example + "` |\n")
	}
	return b.String()
}

// shownDefault is what the documentation says of the default.
func (row *Option) shownDefault() string {
	switch {
	case row.Must != "":
		return "required"
	case row.Shown != "":
		return row.Shown
	case row.Default == "":
		return "none"
	}
	return "`" + row.Default + "`"
}
