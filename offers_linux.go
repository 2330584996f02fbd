package main

// #include "offers.h"
import "C"

import (
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"fluent-bit-kinesis/plugins"
)

// offers are the chunks that Fluent Bit's threads leave for goroutines, as offers.c
// has it, while there are instances.
type offers struct {
	log    *plugins.Logger
	wake   *os.File
	closed atomic.Bool
	taking sync.WaitGroup // the goroutine that takes them
	taken  chan *C.struct_kinesis_offer
}

// open has chunks be left from here on. Where that cannot be, they call Go
// themselves, as they do on other systems.
func (o *offers) open(log *plugins.Logger) {
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		log.Debugf("flushes wait in Go: %v", os.NewSyscallError("eventfd", err))
		return
	}
	o.log, o.wake = log, os.NewFile(uintptr(wake), "eventfd")
	o.closed.Store(false)
	o.taken = make(chan *C.struct_kinesis_offer)
	o.taking.Go(o.take)
	C.kinesis_offers_open(C.int(wake))
}

// close waits until all that have been left have a goroutine.
func (o *offers) close() {
	if o.wake == nil {
		return
	}
	C.kinesis_offers_close()
	o.closed.Store(true)
	o.wake.Write([]byte{1, 0, 0, 0, 0, 0, 0, 0})
	o.taking.Wait()
	o.wake.Close()
	o.wake = nil
}

func (o *offers) take() {
	defer close(o.taken)
	var times [8]byte
	for last := false; !last; {
		_, err := o.wake.Read(times[:])
		if err != nil {
			C.kinesis_offers_close()
			o.log.Debugf("flushes wait in Go: %v", err)
		}
		last = err != nil || o.closed.Load() // before the look, after which there are none
		next := C.kinesis_offers_take()
		for next != nil {
			offer := next
			next = offer.next // before it is answered, and gone
			o.give(offer)
		}
	}
}

// give has a goroutine answer an offer: one that has answered others and has a stack
// of the size for it, or a new one. There come to be as many as Fluent Bit's threads
// have flushes under way at a time.
func (o *offers) give(offer *C.struct_kinesis_offer) {
	select {
	case o.taken <- offer:
	default:
		go answerAll(offer, o.taken)
	}
}

// answerAll answers an offer, and then those that are taken. Their threads wait for it.
func answerAll(offer *C.struct_kinesis_offer, taken <-chan *C.struct_kinesis_offer) {
	answer(offer)
	for offer := range taken {
		answer(offer)
	}
}

// answer does the work of a flush.
func answer(o *C.struct_kinesis_offer) {
	var code C.int
	if o.alone != 0 {
		code = flush(o.data, o.size, o.tag, int(o.thread))
	} else {
		code = flushCtx(o.context, o.data, o.size, o.tag, int(o.thread))
	}
	C.kinesis_offer_answer(o, code)
}
