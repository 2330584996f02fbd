//go:build soak && linux

package test

import "testing"

// TestLongOutages is TestOutagesLoseNothing with outages of 20 seconds, or as long
// as -outage says.
func TestLongOutages(t *testing.T) {
	for _, x := range outages {
		for _, setting := range settings {
			t.Run(x.name+", "+setting.name, func(t *testing.T) {
				t.Parallel()
				x.requireLosesNothing(t, *outageLength, setting.options, setting.perChunk)
			})
		}
	}
}
