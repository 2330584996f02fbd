//lint:file-ignore SA1019 the project stays on version 1 of the SDK

package service

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go/aws/credentials"
)

// signingKeys are what requests are signed with. New ones are due minutes before the
// old ones end: where they cannot be had yet, the old ones go on, until the
// service takes them no longer. The files that they come from are read again when
// they change, and when keys are refused.
type signingKeys struct {
	open func() (*credentials.Credentials, error) // reads the files

	mu      sync.Mutex // guards the following
	source  *credentials.Credentials
	files   watch
	last    credentials.Value // empty where there are none, or none that are of use
	told    KeyState
	rest    time.Time // until then no new ones are asked for
	renewed time.Time // when all was last read again because of a refusal
}

const (
	firstKeysWait = time.Minute      // for the first ones
	freshKeysWait = 2 * time.Second  // for new ones, while there are old ones
	keysRest      = 10 * time.Second // after new ones could not be had
	renewalRest   = 2 * time.Second  // after all was read again because of a refusal
)

// get is the keys to sign with now.
func (k *signingKeys) get(ctx context.Context) (credentials.Value, error) {
	source, last, resting := k.state()
	wait := firstKeysWait
	if last.HasKeys() {
		if resting {
			return last, nil
		}
		wait = freshKeysWait
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	fresh, err := source.GetWithContext(ctx)
	if err != nil && refusedKeys(err) { // those that a role is assumed with
		if other := k.replace(source); other != source {
			source = other
			fresh, err = source.GetWithContext(ctx)
		}
	}
	k.tell(source, fresh != last, err)
	return k.take(source, fresh, err)
}

// state is where keys come from, and those that there are.
func (k *signingKeys) state() (source *credentials.Credentials, last credentials.Value, resting bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.files.due() && k.read() {
		k.rest = time.Time{}
	}
	return k.source, k.last, time.Now().Before(k.rest)
}

// take keeps the keys of a source. Where they could not be had it is the old ones
// that go on, if there are any.
func (k *signingKeys) take(source *credentials.Credentials, fresh credentials.Value, err error) (credentials.Value, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		if !k.last.HasKeys() {
			return fresh, err
		}
		k.rest = time.Now().Add(keysRest)
		return k.last, nil
	}
	if source != k.source {
		return fresh, nil
	}
	if fresh != k.last || !k.files.settled {
		k.files.settle()
	}
	k.last = fresh
	return fresh, nil
}

// refuse has new ones asked for, if these are still in use: of several requests
// that the service refuses at once, one does.
func (k *signingKeys) refuse(used credentials.Value) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.last == used && k.renew() {
		k.last, k.rest = credentials.Value{}, time.Time{}
	}
}

// replace is another source for one whose keys the token service has refused; the
// same one where there is none.
func (k *signingKeys) replace(source *credentials.Credentials) *credentials.Credentials {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.source == source {
		k.renew()
	}
	return k.source
}

// renew begins anew, from the files on. Where that was of no use a moment ago it is
// not done again, unless a file has changed: a process may be costly to run, and
// the services count calls.
func (k *signingKeys) renew() bool {
	if time.Since(k.renewed) < renewalRest && !k.files.changed() {
		return false
	}
	k.renewed = time.Now()
	if !k.read() {
		k.source.Expire()
	}
	return true
}

// read reads the files. Where they cannot be read, as one that is just being
// written, all stays as it is until they change again.
func (k *signingKeys) read() bool {
	k.files = newWatch()
	source, err := k.open()
	if err != nil {
		return false
	}
	k.source = source
	return true
}
