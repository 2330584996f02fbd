package plugins

import (
	"os"
	"strings"
	"time"
)

// CheckTimeZone fails where the value of the environment variable TZ names no
// time zone that Go can read. Go then takes UTC and does not say so: see
// initLocal in its package time. Unlike a C library it reads no rules, such as
// EST5EDT,M3.2.0,M11.1.0.
func CheckTimeZone(tz string) error {
	tz = strings.TrimPrefix(tz, ":")
	if !strings.HasPrefix(tz, "/") {
		_, err := time.LoadLocation(tz)
		return err
	}
	data, err := os.ReadFile(tz)
	if err == nil {
		_, err = time.LoadLocationFromTZData(tz, data)
	}
	return err
}
