/* What the program tells the person who started it. */
#ifndef WORKER_LOG_H
#define WORKER_LOG_H

/* Writes one line to stderr, with the program's name before it. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
