/* What is known about the source, and how ffprobe tells it. Pure. */
#ifndef WORKER_MEDIA_H
#define WORKER_MEDIA_H

#include <stdbool.h>

struct media {
	double seconds; /* 0: not known */
	bool has_video; /* moving pictures; a cover picture does not count */
	bool has_audio;
	int width, height; /* of the first video stream */
};

/* The streams listed by ffprobe, while its lines come in. Begin with the index -1 and zeros. */
struct media_reader {
	struct media media;
	int index; /* of the stream that the lines are about; -1: none yet */
	bool is_video, is_cover;
	int width, height;
};

/* Takes a line of `ffprobe -of flat`, such as streams.stream.0.codec_type="video"; others are left out. */
void media_take_line(struct media_reader *reader, const char *line);

/* All lines are in: what they said. */
struct media media_finish(struct media_reader *reader);

#endif
