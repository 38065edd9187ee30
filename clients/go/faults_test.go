package progressd_test

// Lost requests, lost and repeated answers, duplicated requests, killed daemons: the effects are those of the updates.

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	progressd "progressd/clients/go"
	"progressd/gen/go/stage"
)

const (
	faultsWanted = 1000
	killEvery    = 250
	jobs         = 3
	ipcHeadBytes = 9
	handshake    = 8
)

// proxy passes messages of the SP protocol between a client and a daemon, and does harm to three in seven of them.
type proxy struct {
	url, target string
	lock        sync.Mutex
	chance      *rand.Rand
	faults      int
}

func startProxy(t *testing.T, target string, seed int64) *proxy {
	t.Helper()
	path := shortFolder(t) + "/proxy.sock"
	listener, err := net.Listen("unix", path)
	must(t, err)
	t.Cleanup(func() { listener.Close() })
	started := &proxy{url: "ipc://" + path, target: strings.TrimPrefix(target, "ipc://"), chance: rand.New(rand.NewSource(seed))}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go started.serve(client)
		}
	}()
	return started
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	service, err := net.Dial("unix", p.target)
	if err != nil {
		return
	}
	defer service.Close()
	other := make(chan struct{})
	go func() {
		defer close(other)
		p.pass(service, client)
	}()
	p.pass(client, service)
	<-other
}

// pass ends both sides when one has ended.
func (p *proxy) pass(source, sink net.Conn) {
	defer source.Close()
	defer sink.Close()
	if _, err := io.CopyN(sink, source, handshake); err != nil {
		return
	}
	for {
		message := make([]byte, ipcHeadBytes)
		if _, err := io.ReadFull(source, message); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint64(message[1:]))
		if _, err := io.ReadFull(source, body); err != nil {
			return
		}
		if !p.harm(append(message, body...), sink) {
			return
		}
	}
}

// harm returns false: the connection is cut here.
func (p *proxy) harm(message []byte, sink io.Writer) bool {
	p.lock.Lock()
	fault := []string{"none", "none", "none", "none", "lost", "late cut", "twice"}[p.chance.Intn(7)]
	if fault != "none" {
		p.faults++
	}
	p.lock.Unlock()
	if fault == "lost" {
		return false
	}
	_, err := sink.Write(message)
	if fault == "twice" && err == nil {
		_, err = sink.Write(message)
	}
	return fault != "late cut" && err == nil
}

func (p *proxy) count() int {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.faults
}

func TestEffectsEqualTheDistinctUpdates(t *testing.T) {
	seed := time.Now().UnixNano()
	if given, err := strconv.ParseInt(os.Getenv("TEST_SEED"), 10, 64); err == nil {
		seed = given
	}
	t.Logf("TEST_SEED=%d", seed)
	daemon := startDaemon(t)
	between := startProxy(t, daemon.ipc, seed)
	tracker := newTracker(t, between.url, progressd.WithTimeout(time.Minute))
	updates := 0
	for ; between.count() < faultsWanted; updates++ {
		message := fmt.Sprintf("update %d", updates)
		info, err := tracker.UpdateProgress(context.Background(), fmt.Sprintf("job-%d", updates%jobs), stage.Downloading, progressd.WithMessage(message))
		must(t, err)
		same(t, "answer", info.GetMessage(), message)
		if updates%killEvery == killEvery-1 {
			daemon.kill()
			daemon.start()
		}
	}
	direct, revisions := newTracker(t, daemon.ipc), uint64(0)
	for number := 0; number < jobs; number++ {
		info, err := direct.GetProgress(patient(t), fmt.Sprintf("job-%d", number))
		must(t, err)
		revisions += info.GetRevision()
	}
	same(t, "effects", revisions, updates)
}
