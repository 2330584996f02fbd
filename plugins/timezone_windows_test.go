package plugins

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestATimeZoneIsKnownByItsName(t *testing.T) {
	at := time.Date(2026, 7, 14, 9, 26, 53, 0, time.UTC)
	for _, x := range []struct{ name, want string }{
		{"UTC", "2026-07-14T09:26:53 +0000 UTC"},
		{"Europe/Berlin", "2026-07-14T11:26:53 +0200 CEST"},
		{"Asia/Kolkata", "2026-07-14T14:56:53 +0530 IST"},
		{"EST5EDT", "2026-07-14T05:26:53 -0400 EDT"},
	} {
		t.Run(x.name, func(t *testing.T) {
			zone := zoneNamed(x.name)
			require.NotNil(t, zone)
			require.Equal(t, x.want, at.In(zone).Format("2006-01-02T15:04:05 -0700 MST"))
		})
	}
}

func TestATextThatNamesNoTimeZoneLeavesTheSystems(t *testing.T) {
	for _, name := range []string{"", "Atlantis/Poseidonis", "CET-1CEST", `C:\zone`, "../UTC"} {
		require.Nil(t, zoneNamed(name), name)
	}
}
