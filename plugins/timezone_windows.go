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

// zoneNamed returns the zone that a value of TZ names, and nil for none.
func zoneNamed(tz string) *time.Location {
	if tz == "" {
		return nil
	}
	zone, err := loadTimeZone(tz)
	if err != nil {
		return nil
	}
	return zone
}
