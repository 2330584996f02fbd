package main

import (
	"time"

	"fluent-bit-kinesis/internal/flbhost"
)

// offer has the host offer the chunks, passes times over.
func (s setting) offer(host *flbhost.Host, passes int, chunks []flbhost.Loaded) (flbhost.Totals, error) {
	if s.lone {
		return offerAlone(host, passes, chunks)
	}
	return host.Repeat(0, passes, chunks...)
}

// pause is long enough for what a flush leaves behind to be done.
const pause = 5 * time.Millisecond

// offerAlone offers a chunk when nothing is under way, as a Fluent Bit with
// little to do. Its totals are those of a Repeat, pauses included.
func offerAlone(host *flbhost.Host, passes int, chunks []flbhost.Loaded) (t flbhost.Totals, err error) {
	before, err := host.Stats()
	if err != nil {
		return t, err
	}
	for range passes {
		for _, chunk := range chunks {
			time.Sleep(pause)
			result, err := host.GoLoaded(0, chunk).Wait()
			if err != nil {
				return t, err
			}
			if result.Code == flbhost.OK {
				t.OK++
			} else {
				t.Error++
			}
			t.Offers += result.Offers
			t.InFlush += result.InFlush
		}
	}
	after, err := host.Stats()
	t.Wall, t.CPU = after.Wall-before.Wall, after.CPU-before.CPU
	return t, err
}
