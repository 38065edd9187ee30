/* The forms of transcript.txt, transcript.json and clips.json. */
#include "results.h"

#include "subtitles.h"

void results_write_json_string(FILE *stream, const char *text)
{
	fputc('"', stream);
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;
		if (byte == '"' || byte == '\\')
			fprintf(stream, "\\%c", byte);
		else if (byte < ' ')
			fprintf(stream, "\\u%04x", byte);
		else
			fputc(byte, stream);
	}
	fputc('"', stream);
}

void results_write_text(FILE *stream, const struct words *words)
{
	for (size_t i = 0; i < words->count; i++)
		fprintf(stream, "%s%c", words->items[i].text,
		        words->items[i].ends_phrase || i + 1 == words->count ? '\n' : ' ');
}

static void write_origin(FILE *stream, const struct results_origin *origin)
{
	fputs("{\n  \"job_id\": ", stream);
	results_write_json_string(stream, origin->job_id);
	fputs(",\n  \"source\": ", stream);
	results_write_json_string(stream, origin->source);
	fprintf(stream, ",\n  \"source_sha256\": \"%s\",\n  \"source_seconds\": %.3f,\n", origin->source_sha256,
	        origin->media->seconds);
}

void results_write_transcript(FILE *stream, const struct results_origin *origin, const struct words *words)
{
	write_origin(stream, origin);
	fputs("  \"words\": [", stream);
	for (size_t i = 0; i < words->count; i++) {
		const struct word *word = &words->items[i];
		fputs(i ? ",\n    {\"word\": " : "\n    {\"word\": ", stream);
		results_write_json_string(stream, word->text);
		fprintf(stream, ", \"start\": %.2f, \"end\": %.2f, \"confidence\": %.2f}", word->start, word->end,
		        word->confidence);
	}
	fputs(words->count ? "\n  ]\n}\n" : "]\n}\n", stream);
}

static void write_spoken(FILE *stream, const struct words *words, const struct clip *clip)
{
	size_t count;
	size_t first = words_between(words, clip->start, clip->end, &count);
	fputc('[', stream);
	for (size_t i = first; i < first + count; i++) {
		fputs(i > first ? ", " : "", stream);
		results_write_json_string(stream, words->items[i].text);
	}
	fputc(']', stream);
}

void results_write_clips(FILE *stream, const struct results_origin *origin, const struct words *words,
                         const struct clip *clips, const uint64_t *sizes, size_t count)
{
	write_origin(stream, origin);
	fprintf(stream, "  \"width\": %d,\n  \"height\": %d,\n  \"clips\": [", SUBTITLES_WIDTH, SUBTITLES_HEIGHT);
	for (size_t i = 0; i < count; i++) {
		char name[CLIP_NAME_BYTES];
		fprintf(stream, "%s\n    {\"file\": \"%s\", \"bytes\": %llu, \"start\": %.3f, \"end\": %.3f, \"score\": %.3f,",
		        i ? "," : "", clip_name(i, "mp4", name), (unsigned long long)sizes[i], clips[i].start, clips[i].end,
		        clips[i].score);
		fputs("\n     \"words\": ", stream);
		write_spoken(stream, words, &clips[i]);
		fputc('}', stream);
	}
	fputs("\n  ]\n}\n", stream);
}
