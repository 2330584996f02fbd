// Package plugins holds what any output plugin for Fluent Bit written in Go
// needs, and nothing of the service that it sends to.
//
// # What comes in
//
// Fluent Bit hands an output chunks: buffers of msgpack values, each an event
// of a time and a body. The walk over a chunk reads them where they lie and
// the JSON writer turns a body into text in one pass, appended to the caller's
// buffer. Neither allocates for a record, and both take any bytes at all
// without a panic: a chunk comes from outside.
//
// # What a person sets
//
// An [Options] reads the texts that Fluent Bit keeps for an instance as typed
// values. It is strict and patient: a value that it cannot read is a mistake,
// a mistake does not end the reading, and all of them are reported together,
// each naming the option, the value and what would be valid. What was read is
// kept as [Setting] values for the log at start.
//
// A [TimeFormat] is a strftime pattern, checked once and then appended many
// times.
//
// # What a person sees
//
// A [Logger] writes lines that begin with the plugin's name and the instance's
// number. A warning that a bad source could cause for every record goes through
// a [Limited], which says it once per interval with the number of times it was
// held back, and costs an atomic operation or two when it is.
//
// A [Timeout] watches whether anything gets through at all, for people who
// would rather see a log router die than stay silent.
package plugins
