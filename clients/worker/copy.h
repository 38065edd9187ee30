/* Copies files so that they are there whole or not at all, and knows them again. */
#ifndef WORKER_COPY_H
#define WORKER_COPY_H

#include <stdint.h>

#include "job.h"
#include "sha256.h"

/* Copies from one path to another by way of TO.part, and onto the disk. Adds what is done to *done_bytes and ticks the
 * job with it; *ret_sha256 is the checksum of what was read. On failure nothing is left. */
enum step copy_file(struct job *job, const char *from, const char *to, uint64_t *done_bytes,
                    char ret_sha256[SHA256_HEX_BYTES]);

/* The checksum of a file. Ticks the job in bytes. */
enum step copy_sum(struct job *job, const char *path, char ret_sha256[SHA256_HEX_BYTES]);

#endif
