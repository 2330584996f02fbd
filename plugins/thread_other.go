//go:build !linux && !windows

package plugins

// ThreadID names the thread of the operating system that calls it. It is 0 where
// threads cannot be told apart.
func ThreadID() int { return 0 }
