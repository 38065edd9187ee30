/*
 * The daemon's log: one line of key=value pairs (logfmt) to stderr for each event. Doors and wiring log; rooms do not.
 *     ts=2024-05-01T12:00:00.123Z level=info event=ready rpc=tcp://127.0.0.1:7070
 * Safe for use by many threads: a line is written by one call.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

/* Lines below this level are dropped. LOG_INFO until set. */
void log_set_level(enum log_level level);

/* Writes a line. After `event` come pairs of const char *key and const char *value, closed by one NULL:
 *     log_line(LOG_INFO, "ready", "rpc", url, NULL);
 * Values are quoted and escaped where needed. */
void log_line(enum log_level level, const char *event, ...) __attribute__((sentinel));

#endif
