package compress

import (
	"runtime"
	"sync"
)

// A Pool lends compressors of one kind to any number of goroutines.
//
// Compressing is all CPU, so no more than about one compressor for each processor is ever busy: take one for a run of
// records and give it back before waiting for the network. The pool keeps as many as that between two runs, the last
// used at hand first, while its caches are warm; what is given back beyond is left to the garbage collector. So the
// memory of a pool does not grow with the number of goroutines, and a burst does not stay.
type Pool struct {
	format Format
	level  int

	mu   sync.Mutex
	idle []Compressor // guarded by mu; its capacity is the most that are kept
}

// NewPool makes a pool of compressors as New makes them, and fails as New does.
func NewPool(f Format, level int) (*Pool, error) {
	first, err := New(f, level)
	if err != nil {
		return nil, err
	}
	p := &Pool{format: f, level: level, idle: make([]Compressor, 0, runtime.GOMAXPROCS(0)+1)}
	p.Put(first)
	return p, nil
}

// Get takes a compressor that is not in use, or makes one. It never waits for one.
func (p *Pool) Get() (Compressor, error) {
	if c := p.pop(); c != nil {
		return c, nil
	}
	return New(p.format, p.level)
}

func (p *Pool) pop() Compressor {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil
	}
	c := p.idle[last]
	p.idle[last] = nil
	p.idle = p.idle[:last]
	return c
}

// Put gives back a compressor that came from Get. The caller does not use it any more.
func (p *Pool) Put(c Compressor) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) < cap(p.idle) {
		p.idle = append(p.idle, c)
	}
}
