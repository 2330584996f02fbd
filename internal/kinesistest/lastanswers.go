package kinesistest

import (
	"net"
	"net/http"
	"sync"
)

// lastAnswers knows what the last answer on each connection was for.
type lastAnswers struct {
	mu sync.Mutex
	on map[net.Conn]answeredSpan // guarded by mu
}

// answeredSpan is records of a stream: from, up to and without to.
type answeredSpan struct {
	stream   *stream
	from, to uint64
}

// write notes that a PutRecords request gets its answer.
func (a *lastAnswers) write(r *http.Request, st *stream, l *landing) {
	c, _ := r.Context().Value(connectionKey{}).(net.Conn)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.on == nil {
		a.on = make(map[net.Conn]answeredSpan)
	}
	a.on[c] = answeredSpan{st, l.from, l.to}
}

// cut notes that the connection has ended for a reason of the server's own. The
// client had read the answer before: it has sent another request.
func (a *lastAnswers) cut(r *http.Request) {
	c, _ := r.Context().Value(connectionKey{}).(net.Conn)
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.on, c)
}

func (a *lastAnswers) reset() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.on = nil
}

// LastAnswers is the part of Records that the last answer on each connection was
// for, those included that the client has ended. Nothing that came later on the connection
// tells that the client has read it: where the client was killed it may not have.
func (s *Server) LastAnswers(name string) (records []Record) {
	st, err := s.stream(name)
	if err != nil {
		return nil
	}
	a := &s.answers
	a.mu.Lock()
	defer a.mu.Unlock()
	st.mu.RLock()
	defer st.mu.RUnlock()
	for _, last := range a.on {
		if last.stream != st || st.discard {
			continue
		}
		for sequence := last.from; sequence < last.to; sequence++ {
			records = append(records, *st.at(sequence))
		}
	}
	return records
}
