package msgpack

import "encoding/binary"

// An event time is msgpack ext type 0 with 8 bytes: seconds and nanoseconds,
// both big-endian uint32, as the Fluentd forward protocol has it.
const (
	eventTimeExt  = 0
	eventTimeSize = 8
)

// IsEventTime tells whether an ext value of this type and payload is an event
// time.
func IsEventTime(typ int8, payload []byte) bool {
	return typ == eventTimeExt && len(payload) == eventTimeSize
}

// EventTime reads the payload of an event time.
func EventTime(payload []byte) (sec, nsec int64) {
	return int64(binary.BigEndian.Uint32(payload)), int64(binary.BigEndian.Uint32(payload[4:]))
}
