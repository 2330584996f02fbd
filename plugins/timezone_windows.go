package plugins

import (
	"os"
	"time"
	_ "time/tzdata" // Windows has no time zones that Go can read
)

// The local time zone is the one that TZ names. Everywhere else Go sees to
// that; on Windows it asks the system alone, which is right without TZ.
func init() {
	if zone := zoneNamed(os.Getenv("TZ")); zone != nil {
		time.Local = zone
	}
}

// zoneNamed returns the zone of a name such as Europe/Berlin or UTC, and nil
// for a text that names none.
func zoneNamed(name string) *time.Location {
	if name == "" {
		return nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return zone
}
