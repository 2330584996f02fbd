package kinesistest

import (
	"maps"
	"sync"
	"sync/atomic"
)

// keyring knows the credentials that may sign.
type keyring struct {
	mu   sync.RWMutex
	keys map[string]Credentials // by access key ID; guarded by mu

	last atomic.Pointer[string] // access key ID that has signed the latest request
}

// LastSigner is the access key ID by which the latest request was signed that was
// accepted; empty where there was none.
func (s *Server) LastSigner() string {
	if last := s.keys.last.Load(); last != nil {
		return *last
	}
	return ""
}

func (k *keyring) use(c Credentials) {
	if last := k.last.Load(); last == nil || *last != c.AccessKeyID {
		k.last.Store(&c.AccessKeyID)
	}
}

// SetCredentials replaces the acceptable credentials, those that the token
// service handed out included.
func (s *Server) SetCredentials(credentials ...Credentials) {
	keys := make(map[string]Credentials, len(credentials))
	for _, c := range credentials {
		keys[c.AccessKeyID] = c
	}
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	s.keys.keys = keys
}

// AddCredentials makes more credentials acceptable.
func (s *Server) AddCredentials(credentials ...Credentials) {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	keys := maps.Clone(s.keys.keys)
	for _, c := range credentials {
		keys[c.AccessKeyID] = c
	}
	s.keys.keys = keys
}

func (k *keyring) find(accessKeyID string) (Credentials, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	c, known := k.keys[accessKeyID]
	return c, known
}
