package progressd

// One connection over mangos, from its handshake to its loss, and exchanges of a request for its answer on it.

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"go.nanomsg.org/mangos/v3"
	"go.nanomsg.org/mangos/v3/protocol/req"
	_ "go.nanomsg.org/mangos/v3/transport/ipc" // ipc:// addresses
	_ "go.nanomsg.org/mangos/v3/transport/tcp" // tcp:// addresses
)

const answerBytesMax = 4 << 20

// end says how an exchange, or waiting for a connection, has ended.
type end int

const (
	endDone    end = iota
	endLost        // the connection broke; nobody knows whether the request was carried out
	endUnsent      // the connection broke before the request was sent
	endOver        // the context was over
	endStopped     // the connection was closed by its user
	endFailed      // attempts to connect have failed, and that is enough
)

// link is a REQ socket with one pipe. It never connects again, so that what was under way ends with it and nothing is sent
// twice. Any number of goroutines may use it at once.
type link struct {
	socket  mangos.Socket
	gone    chan struct{} // closed when the pipe is lost
	wasUsed atomic.Bool   // an answer has come
}

// openLink connects and shakes hands; it blocks as long as the other side does.
func openLink(url string) (*link, error) {
	socket, err := req.NewSocket()
	if err != nil {
		return nil, err
	}
	opened := &link{socket: socket, gone: make(chan struct{})}
	if err := opened.dial(url); err != nil {
		opened.close()
		return nil, err
	}
	return opened, nil
}

func (l *link) dial(url string) error {
	var once sync.Once
	l.socket.SetPipeEventHook(func(event mangos.PipeEvent, _ mangos.Pipe) {
		if event == mangos.PipeEventDetached {
			once.Do(func() { close(l.gone) })
		}
	})
	// Without a retry time a request whose pipe is lost ends, and is not sent again by mangos.
	if err := l.socket.SetOption(mangos.OptionRetryTime, time.Duration(0)); err != nil {
		return err
	}
	if err := l.socket.SetOption(mangos.OptionMaxRecvSize, answerBytesMax); err != nil {
		return err
	}
	dialer, err := l.socket.NewDialer(url, nil)
	if err != nil {
		return err
	}
	if err := dialer.Dial(); err != nil {
		return err
	}
	return dialer.Close() // so that it does not connect again; the pipe stays
}

// close ends all exchanges.
func (l *link) close() {
	_ = l.socket.Close() // its only error: it was closed before
}

// exchange sends the body and waits for its answer, or until the context is over. mangos waits without looking at contexts: a
// timer interrupts it at the deadline, and only where the context may be cancelled before, a goroutine does.
func (l *link) exchange(ctx context.Context, mayBeCancelled bool, body []byte) ([]byte, end) {
	line, err := l.socket.OpenContext()
	if err != nil {
		return nil, endUnsent
	}
	defer line.Close()
	if mayBeCancelled {
		over := make(chan struct{})
		defer close(over)
		go closeWith(ctx, line, over)
	} else if deadline, ok := ctx.Deadline(); ok {
		timer := time.AfterFunc(time.Until(deadline), func() { _ = line.Close() })
		defer timer.Stop()
	}
	if err := line.Send(body); err != nil {
		return nil, endUnless(ctx, endUnsent)
	}
	answer, err := line.Recv()
	if err != nil {
		return nil, endUnless(ctx, endLost)
	}
	l.wasUsed.Store(true)
	return answer, endDone
}

// closeWith interrupts who waits on the line when the context is over.
func closeWith(ctx context.Context, line mangos.Context, over <-chan struct{}) {
	select {
	case <-ctx.Done():
		_ = line.Close()
	case <-over:
	}
}

func endUnless(ctx context.Context, broken end) end {
	if ctx.Err() != nil || hasPassed(ctx) {
		return endOver
	}
	return broken
}

// hasPassed tells whether the deadline is over; the context's own timer may come a little later.
func hasPassed(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ok && !time.Now().Before(deadline)
}
