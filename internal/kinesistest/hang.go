package kinesistest

import "sync"

// hangs holds requests until they are released.
type hangs struct {
	mu       sync.Mutex
	released chan struct{} // closed for those that hang now; guarded by mu
	held     int           // guarded by mu
}

// wait holds a request. It is false if its client went away or the server
// closed before the release.
func (h *hangs) wait(gone, closing <-chan struct{}) bool {
	h.mu.Lock()
	h.held++
	released := h.released
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		h.held--
		h.mu.Unlock()
	}()
	select {
	case <-released:
		return true
	case <-gone:
	case <-closing:
	}
	return false
}

func (h *hangs) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.released)
	h.released = make(chan struct{})
}

func (h *hangs) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.held
}
