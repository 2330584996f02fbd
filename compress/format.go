package compress

import (
	"fmt"
	"strings"
)

// A Format is a way to compress a record. The zero value is None.
type Format uint8

const (
	None Format = iota
	Gzip
	Zlib
	Zstd
	Snappy
)

// DefaultLevel stands for a format's default level, and is the only one of a format without levels.
const DefaultLevel = -1

// formats is what is known of each format. One without levels has the zero value of them.
var formats = [...]struct {
	name                 string
	lowest, highest, def int
}{
	None:   {name: "none"},
	Gzip:   {name: "gzip", lowest: 1, highest: 9, def: 6},
	Zlib:   {name: "zlib", lowest: 1, highest: 9, def: 6},
	Zstd:   {name: "zstd", lowest: 1, highest: 22, def: 1},
	Snappy: {name: "snappy"},
}

// Formats lists all formats.
func Formats() []Format { return []Format{None, Gzip, Zlib, Zstd, Snappy} }

// Parse reads the name of a format, in any case. The error names the valid ones.
func Parse(name string) (Format, error) {
	for _, f := range Formats() {
		if strings.EqualFold(name, f.String()) {
			return f, nil
		}
	}
	return None, fmt.Errorf("unknown compression %q; valid: %s", name, names())
}

// names lists the valid names for people.
func names() string {
	list := make([]string, 0, len(formats))
	for _, f := range formats {
		list = append(list, f.name)
	}
	return strings.Join(list, ", ")
}

// String is the name that Parse reads.
func (f Format) String() string {
	if int(f) >= len(formats) {
		return fmt.Sprintf("Format(%d)", uint8(f))
	}
	return formats[f].name
}

// Levels are the lowest, the highest and the default compression level of a format; false where it has none. A higher
// level gives smaller output for more work.
func (f Format) Levels() (lowest, highest, def int, ok bool) {
	if int(f) >= len(formats) || formats[f].highest == 0 {
		return 0, 0, 0, false
	}
	l := formats[f]
	return l.lowest, l.highest, l.def, true
}

// CheckLevel is an error that says what would be valid, unless the format has this level.
func (f Format) CheckLevel(level int) error {
	lowest, highest, def, ok := f.Levels()
	if !ok {
		return fmt.Errorf("level %d: %v has no compression levels", level, f)
	}
	if level < lowest || level > highest {
		return fmt.Errorf("level %d: %v has levels %d (fastest) to %d (smallest), by default %d", level, f, lowest, highest, def)
	}
	return nil
}
