/*
 * What a ProgressInfo costs in JSON, each way: of a job in the middle of a stage, with its estimate and its curve.
 * Beside it, what protobuf-c takes to unpack the same bytes. bench_json
 */
#include <progress/v1/progress_service.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire/json.h"

enum { ROUNDS = 200000, BYTES_MAX = 1 << 20 };

#define INFO &progress__v1__progress_info__descriptor

static const char text[] =
    "{\"jobId\":\"clip-2024-05-01-000117\",\"pipeline\":\"default\",\"stage\":\"PIPELINE_STAGE_TRANSCRIBING\","
    "\"status\":\"transcribing\",\"progress\":37,\"fraction\":0.3741952837465191,\"message\":\"minute 12 of 31\","
    "\"metadata\":{\"process_task_id\":\"b1f0c9d2\",\"video_id\":\"dQw4w9WgXcQ\"},\"state\":\"JOB_STATE_ACTIVE\","
    "\"source\":\"PROGRESS_SOURCE_MEASURED\",\"timeFraction\":0.29182736455182937,\"revision\":\"118\",\"attempt\":1,"
    "\"reachedProgress\":37,\"eta\":{\"seconds\":611.5,\"loSeconds\":402.25,\"hiSeconds\":993.125},"
    "\"curve\":{\"origin\":\"2024-05-01T12:03:20.117Z\",\"start\":0.25,\"end\":0.5,\"logMedian\":6.040254711277414,"
    "\"logSpread\":0.4812118250596035,\"floor\":0.3741952837465191,\"timeRate\":0.0008123412341234},"
    "\"createTime\":\"2024-05-01T12:00:00.500Z\",\"updateTime\":\"2024-05-01T12:05:31.002Z\",\"label\":\"Transcribing "
    "audio\",\"run\":1,\"stageTime\":\"2024-05-01T12:03:20.117Z\",\"done\":12,\"total\":31}";

static double now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void leave(const struct fault *fault)
{
	fprintf(stderr, "bench_json: %s\n", fault->text);
	exit(1);
}

static struct wire_bytes open_text(struct arena *arena)
{
	struct wire_bytes packed;
	struct fault fault;
	if (json_open(INFO, text, strlen(text), false, arena, &packed, &fault) != ERR_OK)
		leave(&fault);
	return packed;
}

static void measure_open(struct arena *arena)
{
	double start = now_ns();
	for (int i = 0; i < ROUNDS; i++) {
		arena_reset(arena);
		open_text(arena);
	}
	printf("json_open   %6.0f ns for %zu bytes of text\n", (now_ns() - start) / ROUNDS, strlen(text));
}

static void measure_seal(struct wire_bytes packed, struct buffer *out)
{
	struct fault fault;
	double start = now_ns();
	for (int i = 0; i < ROUNDS; i++) {
		buffer_clear(out);
		if (json_seal(INFO, packed.at, packed.length, &json_options_default, out, &fault) != ERR_OK)
			leave(&fault);
	}
	printf("json_seal   %6.0f ns for %zu bytes of message\n", (now_ns() - start) / ROUNDS, packed.length);
}

static void measure_unpack(struct wire_bytes packed)
{
	double start = now_ns();
	for (int i = 0; i < ROUNDS; i++)
		protobuf_c_message_free_unpacked(protobuf_c_message_unpack(INFO, NULL, packed.length, packed.at), NULL);
	printf("protobuf-c  %6.0f ns to unpack and free it\n", (now_ns() - start) / ROUNDS);
}

int main(void)
{
	struct arena arena, scratch;
	struct buffer out;
	arena_init(&arena, BYTES_MAX);
	arena_init(&scratch, BYTES_MAX);
	buffer_init(&out, BYTES_MAX);
	struct wire_bytes packed = open_text(&arena);
	measure_open(&scratch);
	measure_seal(packed, &out);
	measure_unpack(packed);
	buffer_finish(&out);
	arena_finish(&scratch);
	arena_finish(&arena);
	return 0;
}
