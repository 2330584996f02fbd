package events

import "math"

// Fluent Bit 2.1 and later mark the begin and the end of a group of events,
// as OpenTelemetry inputs make them, by seconds that are these as an int32:
// see flb_log_event.h, FLB_LOG_EVENT_GROUP_START and FLB_LOG_EVENT_GROUP_END.
const groupStart, groupEnd = -1, -2

// The years that time can print: 1 to 9999. A time beyond them is no time, and
// the record keeps its worth without it: it counts as the epoch.
const minSeconds, maxSeconds = -62135596800, 253402300799

func (e *Reader) setTime(sec, nsec int64) {
	e.mark = 0
	if mark := int32(sec); mark == groupStart || mark == groupEnd {
		e.mark = mark
	}
	if sec < minSeconds || sec > maxSeconds {
		sec, nsec = 0, 0
	}
	e.sec, e.nsec = sec, nsec
}

// floatTime splits seconds towards zero, as Fluent Bit does; what is left of
// a time before 1970 is negative.
func floatTime(f float64) (sec, nsec int64) {
	if math.IsNaN(f) || f < minSeconds || f > maxSeconds {
		return 0, 0
	}
	whole := math.Trunc(f)
	return int64(whole), int64((f - whole) * 1e9)
}
