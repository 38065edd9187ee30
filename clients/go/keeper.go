package progressd

// The connection to a daemon: made again whenever it is lost, shared by many calls.

import (
	"context"
	"sync"
	"time"
)

const (
	reconnectMin = 10 * time.Millisecond
	reconnectMax = time.Second
)

// keeper keeps one link up. Its goroutine alone opens and closes links.
type keeper struct {
	url     string
	closing chan struct{} // closed by close

	lock     sync.Mutex
	isClosed bool
	link     *link         // nil: no connection
	changed  chan struct{} // closed, and made anew, when anything below the lock changes
	failures int           // attempts to connect that have failed
	wasUp    bool
}

func newKeeper(url string) *keeper {
	keeper := &keeper{url: url, closing: make(chan struct{}), changed: make(chan struct{})}
	go keeper.run()
	return keeper
}

func (k *keeper) run() {
	pause := reconnectMin
	for {
		if opened, err := openLink(k.url); err != nil {
			k.change(func() { k.failures++ })
		} else if k.hold(opened); opened.wasUsed.Load() {
			pause = reconnectMin // but who only shakes hands and leaves is not asked in a busy loop
		}
		select {
		case <-k.closing:
			return
		case <-time.After(pause):
		}
		pause = shorter(pause*2, reconnectMax)
	}
}

// hold lends the link to calls until it is lost.
func (k *keeper) hold(opened *link) {
	k.change(func() { k.link, k.wasUp = opened, true })
	select {
	case <-opened.gone:
	case <-k.closing:
	}
	k.change(func() { k.link = nil })
	opened.close()
}

func (k *keeper) change(apply func()) {
	k.lock.Lock()
	defer k.lock.Unlock()
	apply()
	close(k.changed)
	k.changed = make(chan struct{})
}

// look returns the link if there is one, whether the keeper was closed, how many attempts have failed, and a channel that
// tells of changes.
func (k *keeper) look() (present *link, isClosed bool, failures int, changed <-chan struct{}) {
	k.lock.Lock()
	defer k.lock.Unlock()
	return k.link, k.isClosed, k.failures, k.changed
}

func (k *keeper) isUp() bool {
	present, _, _, _ := k.look()
	return present != nil
}

// failuresToBeginWith counts the failed attempts that do not count for a call that fails fast: the first attempt does even
// if it is over already.
func (k *keeper) failuresToBeginWith() int {
	k.lock.Lock()
	defer k.lock.Unlock()
	if !k.wasUp {
		return 0
	}
	return k.failures
}

// wait returns a link as soon as there is one; with failFast it ends when an attempt has failed.
func (k *keeper) wait(ctx context.Context, failFast bool) (*link, end) {
	failuresBefore := k.failuresToBeginWith()
	for {
		present, isClosed, failures, changed := k.look()
		if isClosed {
			return nil, endStopped
		}
		if present != nil {
			return present, endDone
		}
		if failFast && failures > failuresBefore {
			return nil, endFailed
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, endOver
		}
	}
}

// forget waits until the link is not lent any more, because it is lost, or until the context is over.
func (k *keeper) forget(ctx context.Context, lost *link) {
	for {
		present, isClosed, _, changed := k.look()
		if present != lost || isClosed {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// close ends all that is under way; more than one is harmless.
func (k *keeper) close() {
	k.change(func() {
		if !k.isClosed {
			k.isClosed = true
			close(k.closing)
		}
	})
}

func shorter(a, b time.Duration) time.Duration {
	if a < b {
		return a
	}
	return b
}
