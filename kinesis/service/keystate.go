//lint:file-ignore SA1019 the project stays on version 1 of the SDK

package service

import (
	"time"

	"github.com/aws/aws-sdk-go/aws/credentials"
)

// A KeyState is how things stand with what requests are signed with.
type KeyState struct {
	Since    time.Time // when the present keys were taken up; zero before the first
	Until    time.Time // when they end, as far as their source says; zero where it does not
	Failures int64     // how often none could be had, or no new ones
}

// Keys is how things stand with the client's keys. It never waits for a call.
func (c *Client) Keys() KeyState {
	c.keys.mu.Lock()
	defer c.keys.mu.Unlock()
	return c.keys.told
}

// tell notes what a source had. To ask it for its end may take as long as it
// takes it to get new keys, so that is done without the lock.
func (k *signingKeys) tell(source *credentials.Credentials, changed bool, err error) {
	if err == nil && !changed {
		return
	}
	var until time.Time
	if err == nil {
		until, _ = source.ExpiresAt() // not every source knows
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		k.told.Failures++
		return
	}
	k.told.Since, k.told.Until = time.Now(), until
}
