// Package plugins holds what any output plugin for Fluent Bit written in Go
// needs, and nothing of the service that it sends to.
//
// What comes in has rooms of its own: package events walks over the chunks that
// Fluent Bit hands an output, package msgjson writes the events' bodies as JSON,
// and both read with package msgpack. What is here is for people.
//
// # What a person sets
//
// An output has one [Table] of options: a row for each, with its name, what its
// text is read into, its default, what becomes of odd values, and what is said of
// it. [ReadOptions] reads the texts that Fluent Bit keeps for an instance by it.
// It is patient: a mistake does not end the reading, and all of them are reported
// together, each naming the option, the value and what would be valid. A value
// that is odd but has always been taken becomes a warning. The lines of the start
// log are the table's, and so is the table in the documentation.
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
// Package metrics, a room of its own, is for what machines watch.
//
// A [Timeout] watches whether anything gets through at all, for people who
// would rather see a log router die than stay silent.
package plugins
