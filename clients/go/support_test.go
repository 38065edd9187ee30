package progressd_test

// What the tests share: daemons, and a service of their own that misbehaves as they want.

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	progressd "progressd/clients/go"
	rpcv1 "progressd/gen/go/progress/rpc/v1"
	progressv1 "progressd/gen/go/progress/v1"
	"progressd/gen/go/version"

	"go.nanomsg.org/mangos/v3"
	"go.nanomsg.org/mangos/v3/protocol/rep"
	"google.golang.org/protobuf/proto"
)

const patience = 30 * time.Second

// daemon is a progressd of one test, on a store and addresses that outlive its restarts.
type daemon struct {
	t        *testing.T
	ipc, tcp string
	program  string
	log      string
	process  *exec.Cmd
	ready    int
}

func startDaemon(t *testing.T) *daemon {
	t.Helper()
	build := os.Getenv("BUILD_DIR")
	if build == "" {
		build = "../../build/dev"
	}
	program, err := filepath.Abs(filepath.Join(build, "bin/progressd"))
	must(t, err)
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("%s is missing: script/build --tests dev", program)
	}
	folder := shortFolder(t)
	started := &daemon{
		t: t, program: program, log: folder + "/log", ipc: "ipc://" + folder + "/rpc.sock",
		tcp: fmt.Sprintf("tcp://127.0.0.1:%d", freePort(t)),
	}
	t.Cleanup(started.kill)
	started.start()
	return started
}

func (d *daemon) start() {
	d.t.Helper()
	log, err := os.OpenFile(d.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(d.t, err)
	defer log.Close()
	folder := filepath.Dir(d.log)
	d.process = exec.Command(d.program, "--rpc", d.ipc, "--rpc", d.tcp, "--pub", "ipc://"+folder+"/events.sock",
		"--http", "127.0.0.1:0", "--store", "file:"+folder+"/progress.db")
	d.process.Stderr = log
	must(d.t, d.process.Start())
	waitUntil(d.t, "the daemon is ready", func() bool { return d.countReady() > d.ready })
	d.ready = d.countReady()
}

func (d *daemon) countReady() int {
	text, err := os.ReadFile(d.log)
	must(d.t, err)
	return strings.Count(string(text), "event=ready")
}

// kill ends it as the kernel does: no chance to tidy up.
func (d *daemon) kill() {
	if d.process == nil {
		return
	}
	_ = d.process.Process.Kill() // it may have ended by itself
	_ = d.process.Wait()         // says that it was killed
	d.process = nil
}

// overBoth runs a test over ipc and tcp.
func overBoth(t *testing.T, test func(t *testing.T, daemon *daemon, conn *progressd.Conn)) {
	t.Helper()
	running := startDaemon(t)
	for _, url := range []string{running.ipc, running.tcp} {
		name, _, _ := strings.Cut(url, ":")
		t.Run(name, func(t *testing.T) { test(t, running, dial(t, url)) })
	}
}

func dial(t *testing.T, url string, options ...progressd.Option) *progressd.Conn {
	t.Helper()
	conn, err := progressd.Dial(url, options...)
	must(t, err)
	t.Cleanup(func() { must(t, conn.Close()) })
	return conn
}

func clientOf(conn *progressd.Conn) progressv1.ProgressTrackerServiceClient {
	return progressv1.NewProgressTrackerServiceClient(conn)
}

func newTracker(t *testing.T, url string, options ...progressd.Option) *progressd.ProgressTracker {
	t.Helper()
	tracker, err := progressd.NewProgressTracker(url, options...)
	must(t, err)
	t.Cleanup(func() { must(t, tracker.Close()) })
	return tracker
}

// fake is a service that answers what a test tells it to; calls are those that came.
type fake struct {
	url     string
	socket  mangos.Socket
	lock    sync.Mutex
	version string
	calls   []*rpcv1.Call
	answer  func(*rpcv1.Call) []byte // nil bytes: no answer
}

func startFake(t *testing.T, answer func(*rpcv1.Call) []byte) *fake {
	t.Helper()
	socket, err := rep.NewSocket()
	must(t, err)
	service := &fake{url: "ipc://" + shortFolder(t) + "/rpc.sock", socket: socket, version: version.Number, answer: answer}
	must(t, socket.Listen(service.url))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		service.serve()
	}()
	t.Cleanup(func() {
		must(t, socket.Close())
		<-ended
	})
	return service
}

func (f *fake) serve() {
	for {
		body, err := f.socket.Recv()
		if err != nil {
			return
		}
		call := new(rpcv1.Call)
		if proto.Unmarshal(body, call) != nil {
			continue
		}
		if answer := f.answerTo(call); answer != nil {
			_ = f.socket.Send(answer) // who asked may be gone
		}
	}
}

func (f *fake) answerTo(call *rpcv1.Call) []byte {
	f.lock.Lock()
	defer f.lock.Unlock()
	if strings.HasSuffix(call.GetMethod(), "/GetServerInfo") {
		return replyWith(&progressv1.GetServerInfoResponse{Name: "progressd", Version: f.version})
	}
	f.calls = append(f.calls, call)
	return f.answer(call)
}

func (f *fake) heard() []*rpcv1.Call {
	f.lock.Lock()
	defer f.lock.Unlock()
	return append([]*rpcv1.Call(nil), f.calls...)
}

func pack(message proto.Message) []byte {
	packed, err := proto.Marshal(message)
	if err != nil {
		panic(err)
	}
	return packed
}

func replyWith(response proto.Message) []byte {
	return pack(&rpcv1.Reply{Response: pack(response)})
}

func emptyReply(*rpcv1.Call) []byte {
	return append([]byte{}, pack(&rpcv1.Reply{Durability: rpcv1.Durability_DURABILITY_MEMORY})...)
}

// shortFolder is one whose sockets' paths are short enough.
func shortFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "progressd-go-")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(folder)) })
	return folder
}

func freePort(t *testing.T) int {
	t.Helper()
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer probe.Close()
	return probe.Addr().(*net.TCPAddr).Port
}

func waitUntil(t *testing.T, what string, isSo func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !isSo(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// patient is a context that ends a test which hangs.
func patient(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// same fails the test when two values, as they are printed, are not the same.
func same(t *testing.T, what string, got, wanted any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(wanted) {
		t.Fatalf("%s: is %v, not %v", what, got, wanted)
	}
}
