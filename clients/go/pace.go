package progressd

// Who a worker is, the numbers of its updates, and their order: one job's updates go out one after the other.

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"sync"
	"time"
)

const (
	hostBytesMax    = 32
	randomNameBytes = 8
)

var notOfAName = regexp.MustCompile(`[^A-Za-z0-9._-]`)

// makeWriter makes a name of its own: host:process:random; only the host is cut.
func makeWriter() (string, error) {
	name, err := makeName()
	if err != nil {
		return "", err
	}
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "host"
	}
	if host = notOfAName.ReplaceAllString(host, "-"); len(host) > hostBytesMax {
		host = host[:hostBytesMax]
	}
	return fmt.Sprintf("%s:%d:%s", host, os.Getpid(), name), nil
}

// makeName makes up a name that nobody else has, of letters and digits.
func makeName() (string, error) {
	random := make([]byte, randomNameBytes)
	if _, err := rand.Read(random); err != nil {
		return "", err
	}
	return hex.EncodeToString(random), nil
}

// pace gives updates their sequences, and each job its turns.
type pace struct {
	lock     sync.Mutex
	sequence uint64
	turns    map[string]*turn // of the jobs that are being updated
}

// turn is held by who has put something into gate.
type turn struct {
	gate  chan struct{}
	users int
}

func newPace() *pace {
	// Microseconds since the epoch: a worker that is started again under the same name goes on above its old numbers.
	return &pace{sequence: uint64(time.Now().UnixMicro()), turns: make(map[string]*turn)}
}

// take waits for the job's turn, and returns the sequence of the update that is sent in it. The turn is kept until done is
// called. False: the context was over before.
func (p *pace) take(ctx context.Context, jobID string) (sequence uint64, done func(), ok bool) {
	held := p.queue(jobID)
	select {
	case held.gate <- struct{}{}:
	case <-ctx.Done():
		p.leave(jobID, held)
		return 0, nil, false
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	p.sequence++
	return p.sequence, func() { <-held.gate; p.leave(jobID, held) }, true
}

func (p *pace) queue(jobID string) *turn {
	p.lock.Lock()
	defer p.lock.Unlock()
	held := p.turns[jobID]
	if held == nil {
		held = &turn{gate: make(chan struct{}, 1)}
		p.turns[jobID] = held
	}
	held.users++
	return held
}

func (p *pace) leave(jobID string, held *turn) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if held.users--; held.users == 0 {
		delete(p.turns, jobID)
	}
}
