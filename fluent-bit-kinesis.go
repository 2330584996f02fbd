// Command fluent-bit-kinesis is a Fluent Bit output plugin for Amazon Kinesis
// Data Streams, built as a C shared library:
//
//	go build -buildmode=c-shared -o bin/kinesis.so .
//
// This file is the C side and nothing else: it views what C hands over, keeps
// panics from crossing back, and answers with a code. The entry points have names
// of their own here: fork.c and offers.c have those of Fluent Bit, and call these;
// fork.c answers FLBPluginRegister by itself. Beside this file, metrics.go is the C
// side of metrics among Fluent Bit's own, and offers_linux.go that of threads which
// wait for the answer to a chunk.
package main

// #cgo !windows LDFLAGS: -ldl
import "C"

import (
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"unsafe"

	"github.com/fluent/fluent-bit-go/output"

	"fluent-bit-kinesis/kinesis"
	"fluent-bit-kinesis/plugins"
)

// pluginName is that of the log; fork.c registers the same.
const pluginName = "kinesis"

// version is stamped in by the linker, from the file VERSION.
var version = "development"

// process is what the instances of one process share.
var process struct {
	mu      sync.Mutex // guards the following
	log     *plugins.Logger
	started []*instance // in the order of FLBPluginInit; none once all have exited
	exits   int         // of these, as FLBPluginExitCtx has it
	offers  offers      // taken while there are instances
}

// An instance is one [OUTPUT] section.
type instance struct {
	*kinesis.Output
	exited bool // guarded by process.mu
}

// processLog is the log of the process, made at its first use.
func processLog() *plugins.Logger {
	process.mu.Lock()
	defer process.mu.Unlock()
	if process.log == nil {
		process.log = plugins.NewLogger(os.Stdout, pluginName, os.Getenv("FLB_LOG_LEVEL"))
	}
	return process.log
}

// recovered answers for a call that panicked. It is to be deferred.
func recovered(call string, code *C.int) {
	if p := recover(); p != nil {
		processLog().Errorf("%s: internal error: %v\n%s", call, p, debug.Stack())
		*code = output.FLB_ERROR
	}
}

// kinesisInit is FLBPluginInit: it makes an instance of its options.
//
//export kinesisInit
func kinesisInit(plugin unsafe.Pointer) (code C.int) {
	defer recovered("FLBPluginInit", &code)
	log := processLog()
	process.mu.Lock()
	defer process.mu.Unlock()
	log = log.Instance(len(process.started))
	out, err := kinesis.Start(pluginOptions{plugin}, hostOf(plugin, len(process.started)), version, log)
	if err != nil {
		log.ErrorEach("cannot start: ", err)
		return output.FLB_ERROR
	}
	in := &instance{Output: out}
	if len(process.started) == 0 {
		process.offers.open(log)
	}
	process.started = append(process.started, in)
	output.FLBPluginSetContext(plugin, in)
	return output.FLB_OK
}

// pluginOptions are the options of an instance, as Fluent Bit has them.
type pluginOptions struct{ plugin unsafe.Pointer }

func (o pluginOptions) Get(key string) string { return output.FLBPluginConfigKey(o.plugin, key) }

// kinesisFlushCtx is FLBPluginFlushCtx where its thread waits in Go.
//
//export kinesisFlushCtx
func kinesisFlushCtx(ctx, data unsafe.Pointer, length C.int, tag *C.char) (code C.int) {
	thread := plugins.ThreadID()
	return apart(func() C.int { return flushCtx(ctx, data, length, tag, thread) })
}

// kinesisFlush is FLBPluginFlush where its thread waits in Go.
//
//export kinesisFlush
func kinesisFlush(data unsafe.Pointer, length C.int, tag *C.char) (code C.int) {
	thread := plugins.ThreadID()
	return apart(func() C.int { return flush(data, length, tag, thread) })
}

// apart does the work of a flush in a goroutine of its own. The one of the entry
// point is bound to Fluent Bit's thread: each time it has to wait, the runtime
// switches threads to go on with another.
func apart(work func() C.int) C.int {
	answer := make(chan C.int)
	go func() { answer <- work() }()
	return <-answer
}

// flushCtx sends the events of a chunk that a thread has handed over, by the
// instance whose context it is.
func flushCtx(ctx, data unsafe.Pointer, length C.int, tag *C.char, thread int) (code C.int) {
	defer recovered("FLBPluginFlushCtx", &code)
	in, ok := output.FLBPluginGetContext(ctx).(*instance)
	if !ok {
		processLog().Errorf("FLBPluginFlushCtx: the context is not of an instance of this plugin")
		return output.FLB_ERROR
	}
	return flushBy(in.Output, data, length, tag, thread)
}

// flush is the same for a host without contexts. It cannot say which instance it
// means, so there must be one alone.
func flush(data unsafe.Pointer, length C.int, tag *C.char, thread int) (code C.int) {
	defer recovered("FLBPluginFlush", &code)
	process.mu.Lock()
	started := process.started
	process.mu.Unlock()
	if len(started) != 1 {
		processLog().Errorf("FLBPluginFlush: this host does not say which instance it means, and there are %d", len(started))
		return output.FLB_ERROR
	}
	return flushBy(started[0].Output, data, length, tag, thread)
}

func flushBy(out *kinesis.Output, data unsafe.Pointer, length C.int, tag *C.char, thread int) C.int {
	if data == nil || length <= 0 {
		return output.FLB_OK
	}
	out.CalledOn(thread)
	return C.int(out.Flush(unsafe.Slice((*byte)(data), int(length)), C.GoString(tag)))
}

// kinesisExitCtx is FLBPluginExitCtx: it lets go of one instance.
//
//export kinesisExitCtx
func kinesisExitCtx(ctx unsafe.Pointer) (code C.int) {
	defer recovered("FLBPluginExitCtx", &code)
	in, ok := output.FLBPluginGetContext(ctx).(*instance)
	if !ok {
		return output.FLB_OK
	}
	return closeAll("FLBPluginExitCtx", leaving(in))
}

// kinesisExit is FLBPluginExit: it lets go of all instances that are left.
//
//export kinesisExit
func kinesisExit() (code C.int) {
	defer recovered("FLBPluginExit", &code)
	process.mu.Lock()
	left := leaveAll()
	process.mu.Unlock()
	return closeAll("FLBPluginExit", left)
}

// kinesisUnregister is FLBPluginUnregister: it gives back what FLBPluginRegister
// took, and lets go of the instances that are left, unless the library is still
// registered elsewhere, as many times as it says: then that is what they may be of.
//
//export kinesisUnregister
func kinesisUnregister(def unsafe.Pointer, elsewhere C.int) {
	process.mu.Lock()
	var left []*instance
	if elsewhere <= 0 {
		left = leaveAll()
	}
	process.mu.Unlock()
	closeAll("FLBPluginUnregister", left)
	output.FLBPluginUnregister(def)
}

// leaving are the instances that an exit lets go of: the one that it is said to be
// for, and all that are left with the last exit. Fluent Bit has said the last
// instance each time, before https://github.com/fluent/fluent-bit/pull/6469; only
// then is it certain that no other is still flushing.
func leaving(in *instance) []*instance {
	process.mu.Lock()
	defer process.mu.Unlock()
	if !slices.Contains(process.started, in) {
		return nil
	}
	// Whichever is said, Fluent Bit goes by its own order, and lets go of all that
	// it has of that instance, metrics included.
	process.started[process.exits].LeaveMetrics()
	if process.exits++; process.exits >= len(process.started) {
		return leaveAll()
	}
	if in.exited {
		return nil
	}
	in.exited = true
	return []*instance{in}
}

// leaveAll are the instances that have not exited; there are none from here on.
// The caller holds process.mu.
func leaveAll() []*instance {
	left := slices.DeleteFunc(process.started, func(in *instance) bool { return in.exited })
	process.offers.close()
	process.started, process.exits = nil, 0
	return left
}

// closeAll closes instances, each whatever becomes of the others.
func closeAll(call string, instances []*instance) (code C.int) {
	code = output.FLB_OK
	for _, in := range instances {
		func() {
			defer recovered(call, &code)
			in.Close()
		}()
	}
	return code
}

func main() {}
