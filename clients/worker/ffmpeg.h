/* What the stages that run ffmpeg have in common. */
#ifndef WORKER_FFMPEG_H
#define WORKER_FFMPEG_H

#include <stdbool.h>
#include <stdint.h>

/* The first arguments of every run: quiet, machine-readable progress on standard output several times a second. */
#define FFMPEG_BEGIN                                                                                                   \
	"ffmpeg", "-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-stats_period", "0.2", "-progress",       \
	    "pipe:1", "-y"

/* The arguments that read a local file and nothing else, whatever the file says. */
#define FFMPEG_INPUT(path) "-protocol_whitelist", "file,pipe", "-i", (path)

/* Reads a line of -progress output. True for "out_time_us=N" with a sensible N, which goes to ret_ms in
 * milliseconds; false for all other lines. */
bool ffmpeg_read_out_time(const char *line, uint64_t *ret_ms);

#endif
