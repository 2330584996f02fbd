package plugins

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckTimeZone(t *testing.T) {
	garbage, err := filepath.Abs("timezone.go")
	require.NoError(t, err)
	for _, x := range []struct {
		name, tz string
		known    bool
	}{
		{"none is UTC", "", true},
		{"UTC", "UTC", true},
		{"UTC with a colon", ":UTC", true},
		{"a name that is none", "Europe/Atlantis", false},
		{"a rule of POSIX", "EST5EDT,M3.2.0,M11.1.0", false},
		{"a file that is not there", "/no/such/zone", false},
		{"a file that holds none", garbage, false},
		{"a way out of the folder of zones", "../../etc/passwd", false},
	} {
		t.Run(x.name, func(t *testing.T) {
			if x.known {
				require.NoError(t, CheckTimeZone(x.tz))
			} else {
				require.Error(t, CheckTimeZone(x.tz))
			}
		})
	}
}
