package kinesistest

import (
	"math/rand/v2"
	"sync"
	"time"
)

// misfortune is the fault of requests that a request meets.
type misfortune uint8

const (
	none misfortune = iota
	failRequest
	throttleRequest
	answerError
	badGateway
	cutBefore
	cutAfter
	cutWithin
	stallWithin
	hang
)

// within tells whether the answer ends in its middle.
func (m misfortune) within() bool { return m == cutWithin || m == stallWithin }

// fate is what will befall one request.
type fate struct {
	number     uint64 // of the request among those of its operation, from 1
	misfortune misfortune
	err        Error // of answerError
	// reset ends a cut connection by a reset; otherwise it is closed in order.
	reset       bool
	delay       time.Duration
	answerDelay time.Duration

	faults Faults
	random *rand.Rand // the rest of the request's random numbers
}

// fates draws what befalls requests.
type fates struct {
	seed uint64

	// mu guards the following.
	mu      sync.Mutex
	faults  map[string]Faults // by operation
	streams map[string]Faults // of PutRecords, by the stream's name
	numbers map[string]uint64 // of the last request, by operation
}

func (fs *fates) set(operation string, f Faults) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.faults == nil {
		fs.faults = make(map[string]Faults)
	}
	fs.faults[operation] = f
}

func (fs *fates) setStream(stream string, f Faults) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.streams == nil {
		fs.streams = make(map[string]Faults)
	}
	fs.streams[stream] = f
}

func (fs *fates) clear() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.faults, fs.streams = nil, nil
}

// restart makes the next request of each operation the first.
func (fs *fates) restart() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.numbers = nil
}

// number is the next request's, with the faults of its operation or, of PutRecords,
// those of the stream.
func (fs *fates) number(operation, stream string) (uint64, Faults) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.numbers == nil {
		fs.numbers = make(map[string]uint64)
	}
	fs.numbers[operation]++
	if f, ok := fs.streams[stream]; ok && operation == "PutRecords" {
		return fs.numbers[operation], f
	}
	return fs.numbers[operation], fs.faults[operation]
}

// draw is the fate of an operation's next request, to a stream where it is for one.
// It depends on the seed and the request's number only.
func (fs *fates) draw(operation, stream string) fate {
	number, faults := fs.number(operation, stream)
	random := rand.New(rand.NewPCG(mix(fs.seed), mix(number)))
	f := fate{
		number:      number,
		faults:      faults,
		random:      random,
		delay:       faults.Delay,
		answerDelay: faults.AnswerDelay,
		err:         faults.Error,
	}
	f.misfortune = faults.pick(random.Float64())
	f.reset = random.Uint64()&1 == 1
	if jitter := random.Float64(); faults.DelayJitter > 0 {
		f.delay += time.Duration(jitter * float64(faults.DelayJitter))
	}
	return f
}

// pick divides the numbers from 0 to 1 among the faults of requests.
func (f Faults) pick(u float64) misfortune {
	for _, x := range []struct {
		fraction float64
		fault    misfortune
	}{
		{f.FailRequests, failRequest},
		{f.ThrottleRequests, throttleRequest},
		{f.AnswerError, answerError},
		{f.BadGateway, badGateway},
		{f.CutBefore, cutBefore},
		{f.CutAfter, cutAfter},
		{f.CutWithin, cutWithin},
		{f.StallWithin, stallWithin},
		{f.Hang, hang},
	} {
		if u < x.fraction {
			return x.fault
		}
		u -= x.fraction
	}
	return none
}

// refusals appends what becomes of n records, one after the other. It is nil
// where all are accepted.
func (f fate) refusals(dst []refusal, n int) []refusal {
	throttle, fail := f.faults.ThrottleRecords, f.faults.FailRecords
	if f.faults.ThrottleAll {
		throttle = 1
	}
	if throttle == 0 && fail == 0 {
		return nil
	}
	for range n {
		u := f.random.Float64()
		switch {
		case u < throttle:
			dst = append(dst, throttled)
		case u < throttle+fail:
			dst = append(dst, failed)
		default:
			dst = append(dst, accepted)
		}
	}
	return dst
}

// mix spreads the bits of numbers that lie close together: the finalizer of
// SplitMix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
