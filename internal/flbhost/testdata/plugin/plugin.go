// Command plugin is an output plugin for the tests of flbhost: it says on standard output how it was called, and does
// what the chunk tells it to.
//
// A chunk is not msgpack here but a few words:
//
//	code N            answer N
//	retry N           answer FLB_RETRY to the first N offers of this tag, then FLB_OK
//	meet N            wait until N flushes are in this at once, then answer FLB_OK to them all
//	await FILE        wait until FILE exists
//	exit N            exit the process with status N, as a watchdog does
//	panic             a panic that no one recovers
//	recover           a panic that is recovered, and its stack written to the log
//	hang              never return
//	keep              remember where the chunk is
//	touch             read the first byte of the chunk that was kept
//	overrun           read one byte more than the chunk has
//	stderr TEXT       write to standard error
//	work N            allocate N MiB in small pieces from many goroutines, so that garbage is collected meanwhile
//	race              a data race
//
// Anything else is answered with FLB_OK.
package main

import (
	"C"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"
	"unsafe"

	"fluent-bit-kinesis/internal/flbhost/testdata/plugin/words"

	"github.com/fluent/fluent-bit-go/output"
)

var (
	mu        sync.Mutex // guards the following
	instances int
	offers    = map[string]int{} // by tag
	kept      unsafe.Pointer
	meeting   int
	met       = make(chan struct{})
)

// say writes a line of log in one piece.
func say(format string, args ...any) {
	fmt.Printf(format+"\n", args...)
}

//export FLBPluginRegister
func FLBPluginRegister(def unsafe.Pointer) int {
	say("register")
	return output.FLBPluginRegister(def, "probe", "A plugin that tells how it was called.")
}

//export FLBPluginInit
func FLBPluginInit(plugin unsafe.Pointer) int {
	mu.Lock()
	id := instances
	instances++
	mu.Unlock()

	for _, key := range strings.Split(output.FLBPluginConfigKey(plugin, "show"), ",") {
		say("init %d %s=%q", id, key, output.FLBPluginConfigKey(plugin, key))
	}
	if refuse := output.FLBPluginConfigKey(plugin, "refuse"); refuse != "" {
		say("init %d refused: %s", id, refuse)
		return output.FLB_ERROR
	}
	output.FLBPluginSetContext(plugin, id)
	return output.FLB_OK
}

//export FLBPluginFlushCtx
func FLBPluginFlushCtx(ctx, data unsafe.Pointer, length C.int, tag *C.char) int {
	id := output.FLBPluginGetContext(ctx).(int)
	return flush(strconv.Itoa(id), data, int(length), C.GoString(tag))
}

//export FLBPluginFlush
func FLBPluginFlush(data unsafe.Pointer, length C.int, tag *C.char) int {
	return flush("-", data, int(length), C.GoString(tag))
}

func flush(id string, data unsafe.Pointer, length int, tag string) int {
	chunk := unsafe.Slice((*byte)(data), length)
	if length > 100 {
		say("flush %s %s %d bytes", id, tag, length)
		return output.FLB_OK
	}
	say("flush %s %s %q", id, tag, chunk)
	verb, argument, number := words.Split(string(chunk))
	switch verb {
	case "code":
		return number
	case "retry":
		return retry(tag, number)
	case "meet":
		return meet(number)
	case "await":
		return await(argument)
	case "exit":
		say("exiting the process")
		os.Exit(number)
	case "panic":
		panic("the plugin panics")
	case "recover":
		recovered()
	case "hang":
		select {}
	case "stderr":
		fmt.Fprintln(os.Stderr, argument)
	case "work":
		work(number)
	case "race":
		race()
	default:
		return memory(verb, data, length)
	}
	return output.FLB_OK
}

func retry(tag string, times int) int {
	mu.Lock()
	defer mu.Unlock()
	offers[tag]++
	if offers[tag] <= times {
		return output.FLB_RETRY
	}
	return output.FLB_OK
}

// meet answers FLB_ERROR where the others do not come.
func meet(count int) int {
	mu.Lock()
	meeting++
	all, here := met, meeting
	if here == count {
		close(met)
		met, meeting = make(chan struct{}), 0
	}
	mu.Unlock()
	select {
	case <-all:
		return output.FLB_OK
	case <-time.After(time.Minute):
		return output.FLB_ERROR
	}
}

func await(file string) int {
	for range 6000 {
		if _, err := os.Stat(file); err == nil {
			return output.FLB_OK
		}
		time.Sleep(10 * time.Millisecond)
	}
	return output.FLB_ERROR
}

func recovered() {
	defer func() { say("recovered %v\n%s", recover(), debug.Stack()) }()
	panic("to be recovered")
}

func work(megabytes int) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { allocate(megabytes / 8) })
	}
	allocate(megabytes / 8)
	wg.Wait()
}

type node struct {
	next *node
	data [112]byte
}

func allocate(megabytes int) {
	var list *node
	for i := range megabytes << 20 / 128 {
		if i%10000 == 0 {
			list = nil
		}
		list = &node{next: list}
	}
	runtime.KeepAlive(list)
}

func race() {
	var shared int
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range 1000 {
				shared++
			}
		})
	}
	wg.Wait()
	say("shared %d", shared)
}

func memory(verb string, data unsafe.Pointer, length int) int {
	mu.Lock()
	defer mu.Unlock()
	switch verb {
	case "keep":
		kept = data
	case "touch":
		say("kept %d", *(*byte)(kept))
	case "overrun":
		say("behind %d", *(*byte)(unsafe.Add(data, length)))
	}
	return output.FLB_OK
}

//export FLBPluginExitCtx
func FLBPluginExitCtx(ctx unsafe.Pointer) int {
	say("exit %d", output.FLBPluginGetContext(ctx))
	return output.FLB_OK
}

//export FLBPluginExit
func FLBPluginExit() int {
	say("exit")
	return output.FLB_OK
}

//export FLBPluginUnregister
func FLBPluginUnregister(def unsafe.Pointer) {
	say("unregister")
	output.FLBPluginUnregister(def)
}

func main() {}
