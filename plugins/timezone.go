package plugins

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// CheckTimeZone fails where the value of the environment variable TZ names no
// time zone that can be read. Go then takes UTC, and on Windows the plugin the
// system's zone, and neither says so: see initLocal in Go's package time. Unlike
// a C library they read no rules, such as EST5EDT,M3.2.0,M11.1.0.
func CheckTimeZone(tz string) error {
	_, err := loadTimeZone(tz)
	return err
}

// loadTimeZone reads the zone that a value of TZ names: by the path of a file,
// or by a name such as Europe/Berlin.
func loadTimeZone(tz string) (*time.Location, error) {
	tz = strings.TrimPrefix(tz, ":")
	if !filepath.IsAbs(tz) {
		return time.LoadLocation(tz)
	}
	data, err := os.ReadFile(tz)
	if err != nil {
		return nil, err
	}
	return time.LoadLocationFromTZData(tz, data)
}
