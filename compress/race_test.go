//go:build race

package compress

// underRace is whether the race detector is on, under which sync.Pool drops things at random and all takes much longer.
const underRace = true
