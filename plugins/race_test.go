//go:build race

package plugins

// The race detector allocates on its own.
const underRace = true
