/* What counts as a video: a stream of moving pictures; the picture on the cover of a song does not. */
#include "media.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The stream begun is complete. */
static void close_stream(struct media_reader *reader)
{
	if (reader->is_video && !reader->is_cover && !reader->media.has_video && reader->width > 0 && reader->height > 0) {
		reader->media.has_video = true;
		reader->media.width = reader->width;
		reader->media.height = reader->height;
	}
	reader->is_video = reader->is_cover = false;
	reader->width = reader->height = 0;
}

static void take_stream_line(struct media_reader *reader, const char *key, const char *value)
{
	if (strcmp(key, "codec_type") == 0) {
		reader->is_video = strcmp(value, "\"video\"") == 0;
		reader->media.has_audio |= strcmp(value, "\"audio\"") == 0;
	} else if (strcmp(key, "width") == 0) {
		reader->width = atoi(value);
	} else if (strcmp(key, "height") == 0) {
		reader->height = atoi(value);
	} else if (strcmp(key, "disposition.attached_pic") == 0) {
		reader->is_cover = atoi(value) == 1;
	}
}

void media_take_line(struct media_reader *reader, const char *line)
{
	int index, key_at = 0;
	char key[64];
	const char *value = strchr(line, '=');
	if (!value)
		return;
	value++;
	if (strncmp(line, "format.duration=\"", 17) == 0) {
		double seconds = atof(line + 17);
		reader->media.seconds = seconds > 0 ? seconds : 0;
	} else if (sscanf(line, "streams.stream.%d.%n", &index, &key_at) == 1 && key_at > 0) {
		snprintf(key, sizeof key, "%.*s", (int)(value - 1 - (line + key_at)), line + key_at);
		if (index != reader->index)
			close_stream(reader);
		reader->index = index;
		take_stream_line(reader, key, value);
	}
}

struct media media_finish(struct media_reader *reader)
{
	close_stream(reader);
	return reader->media;
}
