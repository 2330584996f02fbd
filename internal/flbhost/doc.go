// Package flbhost loads an output plugin, a Go c-shared library, exactly as Fluent Bit does, and drives it from Go.
//
// Two halves make a host. The program under host/, in C, is Fluent Bit's side: it opens the library with dlopen,
// registers it, initialises instances with their options, calls flush from worker threads on coroutine stacks,
// offers a chunk again after FLB_RETRY, and lets go through FLBPluginExitCtx and FLBPluginUnregister. This package
// is its driver: it compiles the program with the C compiler that cgo needs anyway ([Build]), starts it ([Start]),
// sends it chunks ([Host.Flush], [Host.Go], [Host.Repeat]) and reads what the plugin wrote ([Host.Log]).
// The plugin runs in a process of its own, so that a plugin that crashes, exits or hangs is a result like any other.
//
//	h, err := flbhost.Start(flbhost.Config{
//		Library:   library,
//		Instances: []map[string]string{{"region": "us-east-1", "stream": "logs"}},
//		Workers:   4,
//	})
//	if err != nil { ... } // *flbhost.InitError where FLBPluginInit refused its options
//	var chunk flbhost.Chunk
//	chunk.Append(flbhost.EventTime(time.Now()), flbhost.F("log", "hello"))
//	result, err := h.Flush(0, "app.log", chunk.Bytes()) // result.Code == flbhost.OK
//	err = h.Exit()
//
// [Chunk] writes chunks as Fluent Bit does. In tests, [Run] starts a host and ends it with the test.
//
// Environment variables stand in for what is built otherwise: FLBHOST_LIBRARY for the plugin, FLBHOST_BINARY for the host
// program, FLBHOST_RACE_BINARY for the one with the race detector, FLBHOST_METRICS_LIBRARY for the functions of Fluent
// Bit's metrics, so that they can be its own; FLBHOST_EXEC is a command that runs the program,
// such as wine or qemu-aarch64. So the same tests prove a library built for another system.
//
// The functions of Fluent Bit's metrics are in a library of their own, which Config.Metrics has the host load: without it
// a plugin looks for them in vain, as on Windows.
//
// What the host does as Fluent Bit does, so that a plugin finds no gentler place here:
//
//   - One struct is passed to every FLBPluginInit and overwritten for the next instance: it must not be kept.
//   - Options are looked up whatever their case, and NULL stands for one that is not set.
//   - Each instance has Config.Workers threads of its own, which take chunks in turn; without workers the main thread
//     runs every flush. A flush runs on a coroutine's stack of 24 KiB.
//   - The bytes of a chunk and its tag are the plugin's for the length of the call. When flush returns, their memory is
//     taken away, and a page that cannot be read lies behind the chunk's last byte: a plugin that reads too long or
//     too late dies of it, and the Host says so.
package flbhost
