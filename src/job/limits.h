/* How large the parts of a job may be. */
#ifndef JOB_LIMITS_H
#define JOB_LIMITS_H

enum {
	JOB_ID_BYTES_MAX = 128,
	JOB_MESSAGE_BYTES_MAX = 1024,
	JOB_METADATA_ENTRIES_MAX = 64,
	JOB_METADATA_KEY_BYTES_MAX = 64,
	JOB_METADATA_VALUE_BYTES_MAX = 1024,
	JOB_WRITER_BYTES_MAX = 64,
	JOB_MARKS_MAX = 64,  /* writers and request_ids remembered; the least recently used goes first */
	JOB_SPANS_MAX = 256, /* stays in stages remembered; the oldest goes first */
};

#endif
