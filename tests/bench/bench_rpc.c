/*
 * Measures calls over NNG as a bare client sees them: the time of each call and how many are carried out a second.
 *
 *     bench_rpc --url URL --mode echo|get|update [--outstanding N] [--count N] [--bytes N]
 *
 * echo sends opaque bytes (to bench_echo), get and update send Calls of GetProgress and UpdateProgressIncremental on a
 * few jobs (to progressd). --bytes is the size of a request of echo; unless given it is that of an update. Prints one
 * JSON object; exits 1 if a call failed.
 */
#include <assert.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <progress/rpc/v1/rpc.pb-c.h>
#include <progress/v1/progress_service.pb-c.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { JOBS = 16, FRAME_BYTES_MAX = 1024, TOTAL = 1000000000, CODE_TAG = 0x08, NO_MORE = -1 };

enum mode { MODE_ECHO, MODE_GET, MODE_UPDATE };

/* A request as it is sent. */
struct frame {
	uint8_t bytes[FRAME_BYTES_MAX];
	size_t length;
	size_t done_at; /* where the double `done` stands; 0: nowhere */
};

struct bench {
	const char *url;
	enum mode mode;
	int outstanding;
	long count;
	size_t echo_bytes;
	size_t reply_bytes; /* of the last answer */
	struct frame frames[JOBS];
	nng_socket socket;
	long started; /* this and the counts below under the lock */
	long finished;
	long failed;
	uint32_t *durations_ns;
	pthread_mutex_t lock;
	pthread_cond_t is_over;
};

struct options {
	const char *url;
	const char *mode_name;
	int outstanding;
	long count;
	size_t echo_bytes;
};

/* One call after another. */
struct lane {
	struct bench *bench;
	nng_ctx context;
	nng_aio *aio;
	bool is_sending;
	int64_t start_ns;
};

static void fail(const char *what, int code)
{
	fprintf(stderr, "bench_rpc: %s: %s\n", what, nng_strerror(code));
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* Packs a Call around the request. */
static void pack_call(const char *method, const ProtobufCMessage *request, struct frame *ret_frame)
{
	uint8_t packed[FRAME_BYTES_MAX];
	char name[128];
	assert(protobuf_c_message_get_packed_size(request) <= sizeof packed);
	snprintf(name, sizeof name, "/progress.v1.ProgressTrackerService/%s", method);
	Progress__Rpc__V1__Call call = PROGRESS__RPC__V1__CALL__INIT;
	call.method = name;
	call.request.data = packed;
	call.request.len = protobuf_c_message_pack(request, packed);
	assert(progress__rpc__v1__call__get_packed_size(&call) <= FRAME_BYTES_MAX);
	ret_frame->length = progress__rpc__v1__call__pack(&call, ret_frame->bytes);
}

static void make_get(char *job_id, struct frame *ret_frame)
{
	Progress__V1__GetProgressRequest request = PROGRESS__V1__GET_PROGRESS_REQUEST__INIT;
	request.job_id = job_id;
	pack_call("GetProgress", &request.base, ret_frame);
}

static void make_update(char *job_id, struct frame *ret_frame)
{
	const double mark = 0x1.23456789abcdep-10;
	Progress__V1__UpdateProgressIncrementalRequest request = PROGRESS__V1__UPDATE_PROGRESS_INCREMENTAL_REQUEST__INIT;
	request.job_id = job_id;
	request.stage = PROGRESS__V1__PIPELINE_STAGE__PIPELINE_STAGE_TRANSCRIBING;
	request.done = mark;
	request.total = TOTAL;
	pack_call("UpdateProgressIncremental", &request.base, ret_frame);
	uint8_t *place = memmem(ret_frame->bytes, ret_frame->length, &mark, sizeof mark);
	assert(place != NULL);
	ret_frame->done_at = (size_t)(place - ret_frame->bytes);
}

/* Makes the requests once: what the client spends on them is taken from the service, which shares its processors. */
static void make_frames(struct bench *bench, enum mode mode)
{
	for (int i = 0; i < JOBS; i++) {
		char job_id[64];
		snprintf(job_id, sizeof job_id, "bench-%ld-%d", (long)getpid(), i);
		bench->frames[i].done_at = 0;
		if (mode == MODE_GET)
			make_get(job_id, &bench->frames[i]);
		else
			make_update(job_id, &bench->frames[i]);
	}
	if (mode == MODE_ECHO && bench->echo_bytes == 0)
		bench->echo_bytes = bench->frames[0].length;
}

/* The request of call number `number`, the caller's. */
static nng_msg *make_message(const struct bench *bench, long number)
{
	const struct frame *frame = &bench->frames[number % JOBS];
	bool is_echo = bench->mode == MODE_ECHO;
	double done = (double)number; /* rising for each job */
	nng_msg *message;
	int code = nng_msg_alloc(&message, is_echo ? bench->echo_bytes : frame->length);
	if (code != 0)
		fail("message", code);
	if (is_echo)
		return message;
	uint8_t *body = nng_msg_body(message);
	memcpy(body, frame->bytes, frame->length);
	if (frame->done_at > 0)
		memcpy(body + frame->done_at, &done, sizeof done);
	return message;
}

/* The number of the next call; with the lock held. NO_MORE: all are started. */
static long next_number(struct bench *bench)
{
	return bench->started < bench->count ? bench->started++ : NO_MORE;
}

static void start_call(struct lane *lane, long number)
{
	if (number == NO_MORE)
		return;
	nng_msg *message = make_message(lane->bench, number);
	lane->is_sending = true;
	nng_aio_set_msg(lane->aio, message);
	lane->start_ns = now_ns();
	nng_ctx_send(lane->context, lane->aio);
}

/* Says on stderr what is wrong with the answer. */
static void complain(nng_msg *message)
{
	Progress__Rpc__V1__Reply *reply =
	    progress__rpc__v1__reply__unpack(NULL, nng_msg_len(message), nng_msg_body(message));
	fprintf(stderr, "bench_rpc: %s\n", reply == NULL ? "the answer is no Reply" : reply->message);
	if (reply != NULL)
		progress__rpc__v1__reply__free_unpacked(reply, NULL);
}

/* Whether the answer is a success. A Reply with a code other than 0 begins with the code. */
static bool is_success(struct bench *bench, nng_msg *message)
{
	const uint8_t *body = nng_msg_body(message);
	bench->reply_bytes = nng_msg_len(message);
	if (bench->mode == MODE_ECHO)
		return bench->reply_bytes == bench->echo_bytes;
	bool is_fine = bench->reply_bytes > 0 && body[0] != CODE_TAG;
	if (!is_fine && bench->failed == 0)
		complain(message);
	return is_fine;
}

static void finish_call(struct lane *lane)
{
	struct bench *bench = lane->bench;
	int64_t duration_ns = now_ns() - lane->start_ns;
	nng_msg *message = nng_aio_get_msg(lane->aio);
	pthread_mutex_lock(&bench->lock);
	if (!is_success(bench, message))
		bench->failed++;
	bench->durations_ns[bench->finished++] = duration_ns < UINT32_MAX ? (uint32_t)duration_ns : UINT32_MAX;
	long number = next_number(bench);
	if (bench->finished == bench->count)
		pthread_cond_signal(&bench->is_over);
	pthread_mutex_unlock(&bench->lock);
	nng_msg_free(message);
	start_call(lane, number);
}

static void step(void *argument)
{
	struct lane *lane = argument;
	int code = nng_aio_result(lane->aio);
	if (code != 0)
		fail("call", code);
	if (lane->is_sending) {
		lane->is_sending = false;
		nng_ctx_recv(lane->context, lane->aio);
	} else {
		finish_call(lane);
	}
}

static int compare_durations(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left;
	uint32_t b = *(const uint32_t *)right;
	return (a > b) - (a < b);
}

static void run(struct bench *bench, struct lane *lanes)
{
	pthread_mutex_lock(&bench->lock);
	for (int i = 0; i < bench->outstanding; i++)
		start_call(&lanes[i], next_number(bench));
	while (bench->finished < bench->count)
		pthread_cond_wait(&bench->is_over, &bench->lock);
	pthread_mutex_unlock(&bench->lock);
}

/* Carries out bench->count calls of the mode and returns how long it took. */
static int64_t measure(struct bench *bench, enum mode mode, int outstanding, long count, struct lane *lanes)
{
	make_frames(bench, mode);
	bench->mode = mode;
	bench->outstanding = outstanding;
	bench->count = count;
	bench->finished = 0;
	bench->started = 0;
	bench->failed = 0;
	bench->durations_ns = calloc((size_t)count, sizeof *bench->durations_ns);
	if (bench->durations_ns == NULL)
		fail("durations", NNG_ENOMEM);
	int64_t start_ns = now_ns();
	run(bench, lanes);
	int64_t duration_ns = now_ns() - start_ns;
	qsort(bench->durations_ns, (size_t)count, sizeof *bench->durations_ns, compare_durations);
	return duration_ns;
}

static void print_result(const struct bench *bench, const char *mode, int64_t duration_ns)
{
	const uint32_t *durations = bench->durations_ns;
	size_t request_bytes = bench->mode == MODE_ECHO ? bench->echo_bytes : bench->frames[0].length;
	printf("{\"url\":\"%s\",\"mode\":\"%s\",\"outstanding\":%d,\"count\":%ld,\"request_bytes\":%zu,\"reply_bytes\":%zu,"
	       "\"failed\":%ld,"
	       "\"calls_per_second\":%.0f,\"p50_us\":%.1f,\"p99_us\":%.1f}\n",
	       bench->url, mode, bench->outstanding, bench->count, request_bytes, bench->reply_bytes, bench->failed,
	       (double)bench->count * 1e9 / (double)duration_ns, durations[bench->count / 2] / 1e3,
	       durations[bench->count * 99 / 100] / 1e3);
}

static struct lane *open_lanes(struct bench *bench, int count)
{
	struct lane *lanes = calloc((size_t)count, sizeof *lanes);
	int code = nng_req0_open(&bench->socket);
	if (code == 0)
		code = nng_socket_set_ms(bench->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
	if (code == 0)
		code = nng_dial(bench->socket, bench->url, NULL, 0);
	for (int i = 0; code == 0 && i < count; i++) {
		lanes[i].bench = bench;
		code = nng_ctx_open(&lanes[i].context, bench->socket);
		if (code == 0)
			code = nng_aio_alloc(&lanes[i].aio, step, &lanes[i]);
	}
	if (code != 0)
		fail(bench->url, code);
	return lanes;
}

static void close_lanes(struct bench *bench, struct lane *lanes, int count)
{
	for (int i = 0; i < count; i++)
		nng_aio_stop(lanes[i].aio);
	nng_close(bench->socket);
	for (int i = 0; i < count; i++)
		nng_aio_free(lanes[i].aio);
	free(lanes);
	free(bench->durations_ns);
}

static enum mode parse_mode(const char *name)
{
	if (strcmp(name, "get") == 0)
		return MODE_GET;
	if (strcmp(name, "update") == 0)
		return MODE_UPDATE;
	if (strcmp(name, "echo") == 0)
		return MODE_ECHO;
	fprintf(stderr, "bench_rpc: --mode must be echo, get or update\n");
	exit(2);
}

static void parse_options(int argc, char **argv, struct options *ret_options)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--url") == 0)
			ret_options->url = argv[i + 1];
		else if (strcmp(argv[i], "--mode") == 0)
			ret_options->mode_name = argv[i + 1];
		else if (strcmp(argv[i], "--outstanding") == 0)
			ret_options->outstanding = atoi(argv[i + 1]);
		else if (strcmp(argv[i], "--count") == 0)
			ret_options->count = atol(argv[i + 1]);
		else if (strcmp(argv[i], "--bytes") == 0)
			ret_options->echo_bytes = (size_t)atol(argv[i + 1]);
	}
	if (ret_options->outstanding < 1 || ret_options->count < 1) {
		fprintf(stderr, "bench_rpc: --outstanding and --count must be at least 1\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct options options = {.url = "tcp://127.0.0.1:7070", .mode_name = "echo", .outstanding = 1, .count = 100000};
	parse_options(argc, argv, &options);
	enum mode mode = parse_mode(options.mode_name);
	struct bench bench = {.url = options.url, .echo_bytes = options.echo_bytes};
	pthread_mutex_init(&bench.lock, NULL);
	pthread_cond_init(&bench.is_over, NULL);
	struct lane *lanes = open_lanes(&bench, options.outstanding);
	if (mode != MODE_ECHO) { /* the jobs must be there */
		(void)measure(&bench, MODE_UPDATE, 1, JOBS, lanes);
		free(bench.durations_ns);
	}
	int64_t duration_ns = measure(&bench, mode, options.outstanding, options.count, lanes);
	print_result(&bench, options.mode_name, duration_ns);
	close_lanes(&bench, lanes, options.outstanding);
	return bench.failed == 0 ? 0 : 1;
}
