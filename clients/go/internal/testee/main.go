// Command testee makes the calls of the conformance vectors with the Go client; tests/conformance/README.md tells how it is
// talked to. It knows no method, field, stage or code of its own: it finds them in the generated client.
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"log"
	"os"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	progressd "progressd/clients/go"
	progressv1 "progressd/gen/go/progress/v1"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

const lineBytesMax = 4 << 20

var printing sync.Mutex

func say(words ...string) {
	for place, word := range words {
		if word == "" {
			words[place] = "-"
		}
	}
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(strings.Join(words, " "))
}

func sayOK(number string, trailer metadata.MD, answer proto.Message) {
	packed, err := proto.Marshal(answer)
	if err != nil {
		log.Fatal(err)
	}
	say(number, "ok", strings.Join(trailer.Get("durability"), ""), hex.EncodeToString(packed))
}

func sayError(number string, err error) {
	told := status.Convert(err)
	say(number, "error", code.Code(told.Code()).String(), progressd.Reason(err), hex.EncodeToString([]byte(told.Message())))
}

// prepare returns the method of that name with its request.
func prepare(client progressv1.ProgressTrackerServiceClient, name, text string) (method, request reflect.Value) {
	method = reflect.ValueOf(client).MethodByName(name)
	if !method.IsValid() {
		log.Fatalf("no method %s", name)
	}
	request = reflect.New(method.Type().In(1).Elem())
	packed, err := hex.DecodeString(strings.TrimPrefix(text, "-"))
	if err == nil {
		err = proto.Unmarshal(packed, request.Interface().(proto.Message))
	}
	if err != nil {
		log.Fatal(err)
	}
	return method, request
}

func invoke(method reflect.Value, arguments ...any) (any, error) {
	values := make([]reflect.Value, len(arguments))
	for place, argument := range arguments {
		values[place] = reflect.ValueOf(argument)
	}
	results := method.Call(values)
	err, _ := results[1].Interface().(error)
	return results[0].Interface(), err
}

func makeCall(number string, timeoutMs int, method, request reflect.Value) {
	ctx := context.Background()
	if timeoutMs > 0 {
		limited, cancel := context.WithTimeout(ctx, time.Duration(timeoutMs)*time.Millisecond)
		defer cancel()
		ctx = limited
	}
	var trailer metadata.MD
	answer, err := invoke(method, ctx, request.Interface(), grpc.Trailer(&trailer))
	if err != nil {
		sayError(number, err)
		return
	}
	sayOK(number, trailer, answer.(proto.Message))
}

func follow(ctx context.Context, number string, method, request reflect.Value) {
	begun, err := invoke(method, ctx, request.Interface())
	for err == nil {
		var answer any
		if answer, err = invoke(reflect.ValueOf(begun).MethodByName("Recv")); err == nil && ctx.Err() == nil {
			sayOK(number, begun.(grpc.ClientStream).Trailer(), answer.(proto.Message))
		}
	}
	if ctx.Err() == nil {
		sayError(number, err)
	}
}

func main() {
	conn, err := progressd.Dial(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	client := progressv1.NewProgressTrackerServiceClient(conn)
	streams := make(map[string]context.CancelFunc)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, lineBytesMax)
	for lines.Scan() {
		words := strings.Split(lines.Text(), " ")
		switch number := words[1]; words[0] {
		case "call":
			timeoutMs, err := strconv.Atoi(words[3])
			if err != nil {
				log.Fatal(err)
			}
			method, request := prepare(client, words[2], words[4])
			go makeCall(number, timeoutMs, method, request)
		case "watch":
			ctx, cancel := context.WithCancel(context.Background())
			streams[number] = cancel
			method, request := prepare(client, words[2], words[3])
			go follow(ctx, number, method, request)
		case "cancel":
			streams[number]()
		}
	}
}
