package kinesistest

import (
	"maps"
	"sync"
)

// keyring knows the credentials that may sign.
type keyring struct {
	mu   sync.RWMutex
	keys map[string]Credentials // by access key ID; guarded by mu
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
