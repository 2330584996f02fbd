package metrics

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// A Page is the metrics of a registry over HTTP, as long as it is open. Pages
// of one process that name the same address share it, and a reader finds the
// metrics of all there.
type Page struct {
	server   *server
	registry *Registry
}

// Path is where pages are.
const Path = "/metrics"

// open is the servers of this process, by the address that they were asked for.
var open struct {
	mu      sync.Mutex // guards the following
	servers map[string]*server
}

// Serve opens a page at an address of [ParseAddress]. The error is that of an
// address that cannot be listened on.
func Serve(address string, r *Registry) (*Page, error) {
	open.mu.Lock()
	defer open.mu.Unlock()
	s := open.servers[address]
	if s == nil {
		var err error
		if s, err = listen(address); err != nil {
			return nil, err
		}
		if open.servers == nil {
			open.servers = map[string]*server{}
		}
		open.servers[address] = s
	}
	p := &Page{server: s, registry: r}
	s.add(p)
	return p, nil
}

// URL is where the page is. Of port 0, it has the port that was free.
func (p *Page) URL() string { return "http://" + p.server.bound + Path }

// Close ends the page. With the last one of an address, nothing is left there:
// connections are closed, and answers under way have ended. A nil Page is none.
func (p *Page) Close() {
	if p == nil {
		return
	}
	open.mu.Lock()
	defer open.mu.Unlock()
	if p.server.remove(p) == 0 {
		delete(open.servers, p.server.address)
		p.server.close()
	}
}

// A server is what listens on one address.
type server struct {
	address string // as it was asked for
	bound   string // as it is
	http    http.Server
	serving sync.WaitGroup // the goroutine that accepts, and answers under way

	mu    sync.Mutex // guards the following
	pages []*Page
}

// Bounds on what a reader may ask of the process.
const (
	mostHeader  = 5 * time.Second
	mostAnswer  = 10 * time.Second
	mostIdle    = 2 * time.Minute // longer than readers usually wait between two requests
	mostClosing = time.Second
	headerBytes = 16 << 10
)

// listen begins to serve.
func listen(address string) (*server, error) {
	listener, err := net.Listen(network(address), address)
	if err != nil {
		return nil, err
	}
	s := &server{address: address, bound: listener.Addr().String()}
	routes := http.NewServeMux()
	routes.HandleFunc("GET "+Path, s.answer)
	s.http = http.Server{
		Handler:           routes,
		ReadHeaderTimeout: mostHeader, ReadTimeout: mostHeader, WriteTimeout: mostAnswer, IdleTimeout: mostIdle,
		MaxHeaderBytes: headerBytes,
		ErrorLog:       log.New(io.Discard, "", 0), // of what strangers send
	}
	s.serving.Go(func() { _ = s.http.Serve(listener) }) // it always ends with an error: that it is closed
	return s, nil
}

func (s *server) answer(w http.ResponseWriter, r *http.Request) {
	registries := s.begin()
	if registries == nil {
		http.NotFound(w, r)
		return
	}
	defer s.serving.Done()
	w.Header().Set("Content-Type", ContentType)
	_, _ = w.Write(AppendText(nil, registries...)) // a reader that has gone needs no answer
}

// begin is what an answer is to tell, and has close wait for that; none once
// the last page has been taken away.
func (s *server) begin() (registries []*Registry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.pages {
		registries = append(registries, p.registry)
	}
	if registries != nil {
		s.serving.Add(1)
	}
	return registries
}

func (s *server) add(p *Page) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages = append(s.pages, p)
}

// remove takes a page away, and returns how many are left; -1 where it was none
// of them.
func (s *server) remove(p *Page) (left int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.pages, p)
	if i < 0 {
		return -1
	}
	s.pages = slices.Delete(s.pages, i, i+1)
	return len(s.pages)
}

// close lets answers under way end, or cuts them off where they take too long.
func (s *server) close() {
	ctx, cancel := context.WithTimeout(context.Background(), mostClosing)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close()
	}
	s.serving.Wait()
}
