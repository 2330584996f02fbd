package plugins

import "syscall"

// ThreadID names the thread of the operating system that calls it. It is 0 where
// threads cannot be told apart.
func ThreadID() int { return syscall.Gettid() }
