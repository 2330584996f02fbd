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
// service takes them no longer.
type signingKeys struct {
	source *credentials.Credentials

	mu   sync.Mutex        // guards the following
	last credentials.Value // empty where there are none, or none that are of use
	rest time.Time         // until then no new ones are asked for
}

const (
	firstKeysWait = time.Minute      // for the first ones
	freshKeysWait = 2 * time.Second  // for new ones, while there are old ones
	keysRest      = 10 * time.Second // after new ones could not be had
)

// get is the keys to sign with now.
func (k *signingKeys) get(ctx context.Context) (credentials.Value, error) {
	k.mu.Lock()
	last, resting := k.last, time.Now().Before(k.rest)
	k.mu.Unlock()
	wait := firstKeysWait
	if last.HasKeys() {
		if resting {
			return last, nil
		}
		wait = freshKeysWait
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	fresh, err := k.source.GetWithContext(ctx)
	if err != nil && !last.HasKeys() {
		return fresh, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		k.rest = time.Now().Add(keysRest)
		return last, nil
	}
	k.last = fresh
	return fresh, nil
}

// refuse has new ones asked for, if these are still in use: of several requests
// that the service refuses at once, one does.
func (k *signingKeys) refuse(used credentials.Value) {
	k.mu.Lock()
	inUse := k.last == used
	if inUse {
		k.last, k.rest = credentials.Value{}, time.Time{}
	}
	k.mu.Unlock()
	if inUse {
		k.source.Expire()
	}
}
