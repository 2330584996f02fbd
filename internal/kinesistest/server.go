package kinesistest

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
)

// accountID is the account that owns every stream and role here.
const accountID = "000000000000"

// Server is a Kinesis endpoint with a token service beside it. Its methods may
// be called at any time from any goroutine.
type Server struct {
	options Options
	dir     string // holds the CA's certificate; empty without TLS
	api     *endpoint
	sts     *endpoint

	keys    keyring
	roles   roles
	fates   fates
	meter   meter
	hangs   hangs
	answers lastAnswers
	poison  atomic.Pointer[func(stream string, e Entry) bool]

	// requests numbers the requests of all operations, for their ids.
	requests atomic.Uint64

	// mu guards streams. Streams guard themselves.
	mu      sync.RWMutex
	streams map[string]*stream

	closing  chan struct{} // closed when Close begins
	handlers handlers
}

// New starts a server. The caller closes it.
func New(options Options) (*Server, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{
		options: options,
		streams: make(map[string]*stream),
		closing: make(chan struct{}),
	}
	s.fates.seed = options.Seed
	s.hangs.released = make(chan struct{})
	s.meter.reset()
	s.SetCredentials(options.Credentials...)
	s.SetPoison(options.Poison)
	if err := s.SetFaults(options.Faults); err != nil {
		return nil, err
	}
	for name, shards := range options.Streams {
		if err := s.CreateStream(name, shards); err != nil {
			return nil, err
		}
	}
	if err := s.listen(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close ends all connections, lets go of requests that hang, and returns when
// nothing of the server is running any more. What landed can still be read.
func (s *Server) Close() error {
	if !s.handlers.stop() {
		return nil
	}
	close(s.closing)
	err := errors.Join(s.api.close(), s.sts.close())
	s.handlers.wait()
	if s.dir != "" {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// Down cuts the connections to the stream, and has its address refuse others
// until [Server.Up].
func (s *Server) Down() error { return s.api.close() }

// Up undoes [Server.Down].
func (s *Server) Up() error { return s.api.reopen() }

// URL is the stream's endpoint, such as https://127.0.0.1:41234.
func (s *Server) URL() string { return s.api.url }

// STSURL is the token service's endpoint.
func (s *Server) STSURL() string { return s.sts.url }

// CAFile is a PEM file with the certificate that clients must trust. Empty
// without TLS.
func (s *Server) CAFile() string {
	if s.dir == "" {
		return ""
	}
	return caPath(s.dir)
}

// Env is what a client built on an AWS SDK needs in its environment: the first
// credentials, the CA file, and nothing of the machine's own configuration.
func (s *Server) Env() []string {
	c := s.options.Credentials[0]
	env := []string{
		"AWS_ACCESS_KEY_ID=" + c.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + c.SecretAccessKey,
		"AWS_SESSION_TOKEN=" + c.SessionToken,
		"AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=" + os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
	}
	if file := s.CAFile(); file != "" {
		env = append(env, "AWS_CA_BUNDLE="+file)
	}
	return env
}

// SetFaults replaces the faults of PutRecords. Requests under way keep theirs.
func (s *Server) SetFaults(f Faults) error {
	return s.SetFaultsFor("PutRecords", f)
}

// SetFaultsFor replaces the faults of one operation of the stream, such as
// ListShards. The faults of records mean nothing but for PutRecords.
func (s *Server) SetFaultsFor(operation string, f Faults) error {
	if _, ok := operations[operation]; !ok {
		return fmt.Errorf("kinesistest: no operation %q", operation)
	}
	if err := f.check(); err != nil {
		return err
	}
	s.fates.set(operation, f)
	return nil
}

// SetFaultsOf replaces the faults of PutRecords to one stream, which until Heal
// meets these in place of those of SetFaults.
func (s *Server) SetFaultsOf(stream string, f Faults) error {
	if _, err := s.stream(stream); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	s.fates.setStream(stream, f)
	return nil
}

// Heal clears the faults of all operations and streams, and releases what hangs.
func (s *Server) Heal() {
	s.fates.clear()
	s.Release()
}

// Release lets the requests go on that [Faults.Hang] holds now, and ends those
// that [Faults.StallWithin] does.
func (s *Server) Release() { s.hangs.release() }

// SetPoison makes a request that carries an entry for which f answers true be
// refused as a whole as ValidationException; nil ends it. f is called by
// several goroutines at once.
func (s *Server) SetPoison(f func(stream string, e Entry) bool) {
	if f == nil {
		s.poison.Store(nil)
		return
	}
	s.poison.Store(&f)
}

// Stats is what the server has seen so far.
func (s *Server) Stats() Stats {
	stats := s.meter.stats()
	stats.Hanging = s.hangs.count()
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, st := range s.streams {
		count, abandoned := st.overlaps.counts()
		stats.Overlaps += count
		stats.AbandonedOverlaps += abandoned
	}
	return stats
}

// Reset forgets the records and the counts, and starts the sequence of faults
// anew. Streams, their shards and the faults stay as they are.
func (s *Server) Reset() {
	s.meter.reset()
	s.fates.restart()
	s.answers.reset()
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, st := range s.streams {
		st.reset()
	}
}

// handlers counts the requests being handled, so that Close can wait for them.
type handlers struct {
	// mu guards stopped, and that none is added once it is set.
	mu      sync.Mutex
	stopped bool
	running sync.WaitGroup
}

// enter tells whether a request may still be handled; done ends it.
func (h *handlers) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped {
		return false
	}
	h.running.Add(1)
	return true
}

func (h *handlers) done() { h.running.Done() }

// stop lets no further request in. It is false the second time.
func (h *handlers) stop() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	first := !h.stopped
	h.stopped = true
	return first
}

func (h *handlers) wait() { h.running.Wait() }
