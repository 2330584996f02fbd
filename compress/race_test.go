//go:build race

package compress

// underRace is whether the race detector is on, under which sync.Pool drops things at random.
const underRace = true
