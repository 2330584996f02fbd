package flbhost

import (
	"time"
)

// What a flush answers, as Fluent Bit numbers it.
const (
	Error = 0 // the chunk is dropped
	OK    = 1 // the chunk is delivered
	Retry = 2 // the chunk is to be offered again later

	// NotOffered is the Result.Code of a chunk that the host never handed to the plugin, because Exit came first.
	NotOffered = -1
)

// NoLimit as Config.RetryLimit offers a chunk until the plugin takes it, as `Retry_Limit no_limits` does.
const NoLimit = -1

// DefaultTimeout is how long a host may be silent, unless Config.Timeout says otherwise.
const DefaultTimeout = 2 * time.Minute

// Linked as Config.Library says that the plugin is part of Config.Binary, as BuildRace makes it.
const Linked = "-"

// Config says which library a host loads, and how it plays Fluent Bit's part. Only Instances has to be set.
type Config struct {
	// Library is the plugin's path. Empty: the library of this module, see [Library].
	Library string

	// Binary is the host program's path. Empty: the program is compiled once per process, see [Binary].
	Binary string

	// Race runs the plugin of this module with the race detector, see [RaceBinary], unless Library or Binary is set.
	// The first race ends the process with status 66 and a report on standard error.
	Race bool

	// Instances holds the options of each [OUTPUT] section. Instance i of every call is Instances[i].
	Instances []map[string]string

	// Workers is the number of threads per instance that flush, as the `workers` option of Fluent Bit.
	// 0: the main thread runs all flushes of all instances.
	Workers int

	// RetryLimit is how often a chunk is offered again after Retry; 0 is not at all, NoLimit for ever.
	RetryLimit int

	// Backoff is how long a chunk waits before it is offered again. Other chunks are flushed meanwhile.
	Backoff time.Duration

	// NoContext calls FLBPluginFlush and FLBPluginExit, as a Fluent Bit that knows no contexts (before 1.0) would.
	NoContext bool

	// LastContext gives FLBPluginExitCtx the context of the last instance, however often it is called and whichever
	// instance is meant, as Fluent Bit did before https://github.com/fluent/fluent-bit/pull/6469.
	LastContext bool

	// NoExit exits no instance, and calls FLBPluginUnregister alone.
	NoExit bool

	// Metrics has the host export the functions by which Fluent Bit (2.1 and later) lets a plugin put metrics among its
	// own, see [Host.Metrics]. Outputs are named kinesis.0, kinesis.1 and so on. Not on Windows.
	Metrics bool

	// Daemon forks between FLBPluginRegister and FLBPluginInit and goes on in the child, as Fluent Bit does with
	// Daemon On: without standard output and error, and without the threads of the library. What the plugin says in
	// Fluent Bit's own log, by flb_log_print, is in Log. Not on Windows.
	Daemon bool

	// ShareChunks hands the host's own copy of a chunk to the plugin, in place of a copy for each call that is
	// taken away after it. For benchmarks: it spares 2 MB of copying per flush, or the 20 us that new pages take for
	// a small chunk, and catches nothing.
	ShareChunks bool

	// StackSize is the size in bytes of the coroutine stacks that flushes run on, `Coro_Stack_Size` in Fluent Bit.
	// 0: 24 KiB, as in Fluent Bit (with the race detector as if negative); negative: no coroutine, the thread's own.
	StackSize int

	// Env is added to this process's environment; of a name that is given twice, the last stands.
	// A variable that is given as "NAME" without "=" is removed.
	Env []string

	// Dir is the working directory of the host. Empty: this process's.
	Dir string

	// LogFile and StderrFile say where standard output (the plugin's log) and standard error go. They are created or
	// truncated, and stay. The host opens LogFile itself: for it, /dev/stderr is StderrFile. Empty: temporary files that go away with the process, after Log and Stderr have their text.
	LogFile, StderrFile string

	// Timeout bounds how long the host may be silent while a call waits for it. Past it, the goroutines of the
	// plugin are dumped to standard error, the process is killed, and every call fails. 0: DefaultTimeout.
	Timeout time.Duration
}

// Registration is what the plugin's FLBPluginRegister wrote. Start has checked that Type and Proxy are those of an
// output plugin written in Go, and that Name is not empty.
type Registration struct {
	Type        int // 2: output
	Proxy       int // 11: Go
	Flags       int
	EventType   int // 0 stands for logs
	Name        string
	Description string
}

// Result is what became of one chunk.
type Result struct {
	// Code is the plugin's last answer: OK, Retry (the retry limit was reached, or Exit came before the next offer),
	// Error, whatever else the plugin answered (Fluent Bit takes it for Error), or NotOffered.
	Code int
	// Offers counts the calls of flush: 1 if the first answer was final.
	Offers int
	// InFlush is the time spent inside these calls.
	InFlush time.Duration
	// Elapsed is the time from the first call to the last answer, back-offs included.
	Elapsed time.Duration
}

// Totals is what became of the chunks of a Repeat.
type Totals struct {
	OK, Retry, Error, NotOffered int // chunks by their final code; an unknown code counts as Error
	Offers                       int // calls of flush
	InFlush                      time.Duration
	Wall                         time.Duration // from the first chunk's queueing to the last answer
	CPU                          time.Duration // user and system time of the whole host process meanwhile
}

// Chunks is the number of chunks in t.
func (t Totals) Chunks() int {
	return t.OK + t.Retry + t.Error + t.NotOffered
}

// Stats is what the host process has used since it started, the plugin's Go runtime included.
type Stats struct {
	CPU     time.Duration // user and system time
	Wall    time.Duration // since the process started its work
	RSS     int64         // resident memory now, in bytes
	PeakRSS int64         // the most it has been, in bytes
	Threads int

	Loading   time.Duration // from loading the library until FLBPluginRegister had returned
	FirstInit time.Duration // of the first FLBPluginInit
	BareRSS   int64         // resident memory before all that, in bytes
}
