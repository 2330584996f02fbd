package plugins

import "golang.org/x/sys/windows"

// ThreadID names the thread of the operating system that calls it. It is 0 where
// threads cannot be told apart.
func ThreadID() int { return int(windows.GetCurrentThreadId()) }
