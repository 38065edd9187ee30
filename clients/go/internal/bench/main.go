// Command bench measures sequential calls a second of the Go client, next to a bare SP echo by mangos in the same run.
//
//	bench ECHO_URL DAEMON_URL [ROUNDS] [COUNT]
//
// It prints one JSON object with the medians over the rounds: {"echo_per_second", "calls_per_second", "ratio"}. The ratio of
// a round is what counts; a round measures both, one after the other.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"sort"
	"strconv"
	"time"

	progressd "progressd/clients/go"
	rpcv1 "progressd/gen/go/progress/rpc/v1"
	progressv1 "progressd/gen/go/progress/v1"
	"progressd/gen/go/stage"

	"go.nanomsg.org/mangos/v3"
	"go.nanomsg.org/mangos/v3/protocol/req"
	"google.golang.org/protobuf/proto"
)

const job = "bench"

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// echoer returns a function that sends a call's frame to the echo and receives it.
func echoer(url string, request proto.Message) func() {
	packed, err := proto.Marshal(request)
	must(err)
	body, err := proto.Marshal(&rpcv1.Call{
		Method: progressv1.ProgressTrackerService_GetProgress_FullMethodName, Request: packed, TimeoutMs: 10000,
	})
	must(err)
	socket, err := req.NewSocket()
	must(err)
	must(socket.SetOption(mangos.OptionRetryTime, time.Duration(0)))
	must(socket.Dial(url))
	return func() {
		must(socket.Send(body))
		_, err := socket.Recv()
		must(err)
	}
}

// caller returns a function that makes a call by the generated client.
func caller(url string, request *progressv1.GetProgressRequest) func() {
	tracker, err := progressd.NewProgressTracker(url)
	must(err)
	_, err = tracker.UpdateProgress(context.Background(), job, stage.Transcribing)
	must(err)
	return func() {
		_, err := tracker.Client().GetProgress(context.Background(), request)
		must(err)
	}
}

func rate(call func(), count int) float64 {
	started := time.Now()
	for made := 0; made < count; made++ {
		call()
	}
	return float64(count) / time.Since(started).Seconds()
}

func median(values []float64) float64 {
	sort.Float64s(values)
	return values[len(values)/2]
}

func number(place, otherwise int) int {
	if len(os.Args) <= place {
		return otherwise
	}
	value, err := strconv.Atoi(os.Args[place])
	must(err)
	return value
}

func main() {
	rounds, count := number(3, 31), number(4, 500)
	request := &progressv1.GetProgressRequest{JobId: job}
	echo, call := echoer(os.Args[1], request), caller(os.Args[2], request)
	var echoes, calls, ratios []float64
	for round := 0; round < rounds; round++ {
		bare, ours := rate(echo, count), rate(call, count)
		echoes, calls, ratios = append(echoes, bare), append(calls, ours), append(ratios, ours/bare)
	}
	must(json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"echo_per_second": median(echoes), "calls_per_second": median(calls), "ratio": median(ratios),
	}))
}
