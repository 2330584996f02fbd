//go:build !linux

package main

import "fluent-bit-kinesis/plugins"

// offers are the chunks that Fluent Bit's threads leave for goroutines: none, on
// this system.
type offers struct{}

func (offers) open(*plugins.Logger) {}

func (offers) close() {}
