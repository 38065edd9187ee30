/*
 * Makes the calls of the conformance vectors with libprg's generated service channel; README.md tells how it is talked
 * to. It knows no method, field of a method, stage or code: the generated descriptors do.
 */
#include <ctype.h>
#include <prg/service.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES_MAX = 3 << 20, STREAMS_MAX = 100000 };

/* One command, carried out by a thread of its own. */
struct task {
	unsigned number;
	bool is_stream;
	int timeout_ms;
	unsigned method_index;
	const ProtobufCMethodDescriptor *method;
	ProtobufCMessage *request;
	bool has_news; /* the stream's latest answer */
	bool is_first; /* answer of the stream */
};

static struct prg_client *client;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static unsigned running;               /* tasks; under the lock */
static bool is_cancelled[STREAMS_MAX]; /* under the lock */
static bool is_closing;                /* under the lock */

static void print_upper(const char *word)
{
	if (word[0] == '\0')
		putchar('-');
	for (; *word != '\0'; word++)
		putchar(toupper((unsigned char)*word));
}

static void print_hex(const uint8_t *bytes, size_t count)
{
	if (count == 0)
		putchar('-');
	for (size_t i = 0; i < count; i++)
		printf("%02x", bytes[i]);
}

static bool is_silent(const struct task *task)
{
	return is_closing || (task->is_stream && is_cancelled[task->number]);
}

static void say_ok(const struct task *task, const ProtobufCMessage *response)
{
	size_t bytes = protobuf_c_message_get_packed_size(response);
	uint8_t *packed = malloc(bytes + 1);
	protobuf_c_message_pack(response, packed);
	enum prg_durability durability = prg_service_durability();
	pthread_mutex_lock(&lock);
	if (!is_silent(task)) {
		printf("%u ok ", task->number);
		print_upper(durability != PRG_DURABILITY_UNSPECIFIED ? prg_durability_name(durability) : "");
		putchar(' ');
		print_hex(packed, bytes);
		puts("");
		fflush(stdout);
	}
	pthread_mutex_unlock(&lock);
	free(packed);
}

static void say_error(const struct task *task)
{
	pthread_mutex_lock(&lock);
	if (!is_silent(task)) {
		printf("%u error ", task->number);
		print_upper(prg_code_name(prg_service_code()));
		putchar(' ');
		print_upper(prg_error_reason());
		putchar(' ');
		print_hex((const uint8_t *)prg_error(), strlen(prg_error()));
		puts("");
		fflush(stdout);
	}
	pthread_mutex_unlock(&lock);
}

/* The place of a field that both sides of a stream have by the protocol. */
static void *field_of(const ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
	return field != NULL ? (char *)(uintptr_t)message + field->offset : NULL;
}

static size_t count_of(const ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
	size_t count = 0;
	if (field != NULL)
		memcpy(&count, (const char *)message + field->quantifier_offset, sizeof count);
	return count;
}

/* Lets the stream's request go on behind this answer; it is packed and unpacked so that it owns its text. */
static void follow_token(struct task *task, const ProtobufCMessage *response)
{
	char **token = field_of(task->request, "resume_token"), *before = *token;
	*token = *(char **)field_of(response, "resume_token");
	size_t bytes = protobuf_c_message_get_packed_size(task->request);
	uint8_t *packed = malloc(bytes + 1);
	protobuf_c_message_pack(task->request, packed);
	*token = before;
	protobuf_c_message_free_unpacked(task->request, NULL);
	task->request = protobuf_c_message_unpack(task->method->input, NULL, bytes, packed);
	free(packed);
}

static void take(const ProtobufCMessage *response, void *context)
{
	struct task *task = context;
	if (response == NULL)
		return;
	if (task->is_stream) {
		const protobuf_c_boolean *resync = field_of(response, "resync");
		task->has_news = task->is_first || count_of(response, "events") > 0 || *resync;
		task->is_first = false;
		follow_token(task, response);
	}
	if (!task->is_stream || task->has_news)
		say_ok(task, response);
}

/* What a stream outlives. */
static bool passes(enum prg_code code)
{
	return code == PRG_OK || code == PRG_UNAVAILABLE || code == PRG_DEADLINE_EXCEEDED;
}

static bool is_over(const struct task *task)
{
	pthread_mutex_lock(&lock);
	bool over = is_silent(task);
	pthread_mutex_unlock(&lock);
	return over;
}

static void *carry_out(void *context)
{
	struct task *task = context;
	ProtobufCService *service = prg_service(client);
	prg_set_timeout(client, task->timeout_ms);
	do
		service->invoke(service, task->method_index, task->request, (ProtobufCClosure)take, task);
	while (task->is_stream && passes(prg_service_code()) && !is_over(task));
	if (prg_service_code() != PRG_OK)
		say_error(task);
	protobuf_c_message_free_unpacked(task->request, NULL);
	free(task);
	pthread_mutex_lock(&lock);
	running--;
	pthread_cond_signal(&ended);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static int digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : c - 'a' + 10;
}

static ProtobufCMessage *unpack(const ProtobufCMessageDescriptor *type, const char *hex)
{
	size_t bytes = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;
	uint8_t *packed = malloc(bytes + 1);
	for (size_t i = 0; i < bytes; i++)
		packed[i] = (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
	ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, bytes, packed);
	free(packed);
	return message;
}

static void begin(bool is_stream, unsigned number, const char *method, int timeout_ms, const char *hex)
{
	const ProtobufCServiceDescriptor *service = prg_service(client)->descriptor;
	struct task *task = calloc(1, sizeof *task);
	*task = (struct task){.number = number, .is_stream = is_stream, .timeout_ms = timeout_ms, .is_first = true};
	task->method = protobuf_c_service_descriptor_get_method_by_name(service, method);
	task->method_index = (unsigned)(task->method - service->methods);
	task->request = unpack(task->method->input, hex);
	pthread_t thread;
	pthread_mutex_lock(&lock);
	running++;
	pthread_mutex_unlock(&lock);
	pthread_create(&thread, NULL, carry_out, task);
	pthread_detach(thread);
}

static void obey(char *line)
{
	char *rest = line;
	const char *kind = strsep(&rest, " \n");
	unsigned number = (unsigned)strtoul(strsep(&rest, " \n"), NULL, 10);
	if (strcmp(kind, "cancel") == 0) {
		pthread_mutex_lock(&lock);
		is_cancelled[number] = true;
		pthread_mutex_unlock(&lock);
		return;
	}
	bool is_stream = strcmp(kind, "watch") == 0;
	const char *method = strsep(&rest, " \n");
	int timeout_ms = is_stream ? 0 : atoi(strsep(&rest, " \n"));
	begin(is_stream, number, method, timeout_ms, strsep(&rest, " \n"));
}

static void close_client(void)
{
	pthread_mutex_lock(&lock);
	is_closing = true;
	pthread_mutex_unlock(&lock);
	prg_close(client);
	pthread_mutex_lock(&lock);
	while (running > 0)
		pthread_cond_wait(&ended, &lock);
	pthread_mutex_unlock(&lock);
}

int main(int argc, char **argv)
{
	if (argc != 2 || prg_open(argv[1], NULL, &client) != PRG_OK) {
		fprintf(stderr, "usage: %s URL: %s\n", argv[0], prg_error());
		return 2;
	}
	char *line = malloc(LINE_BYTES_MAX);
	while (fgets(line, LINE_BYTES_MAX, stdin) != NULL)
		obey(line);
	free(line);
	close_client();
	return 0;
}
