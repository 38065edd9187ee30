/* What JobRecord, AnswerRecord and struct job_view have in common, under the same names. */
#ifndef WIRE_RECORD_FIELDS_H
#define WIRE_RECORD_FIELDS_H

/* Copies the numbers of a view, but for its revision, which a record keeps elsewhere. */
#define RECORD_COPY_NUMBERS(to, from)                                                                                  \
	do {                                                                                                               \
		(to)->stage = (from)->stage;                                                                                   \
		(to)->percent = (from)->percent;                                                                               \
		(to)->reached_percent = (from)->reached_percent;                                                               \
		(to)->state = (from)->state;                                                                                   \
		(to)->source = (from)->source;                                                                                 \
		(to)->attempt = (from)->attempt;                                                                               \
		(to)->run = (from)->run;                                                                                       \
		(to)->updated_ms = (from)->updated_ms;                                                                         \
		(to)->ended_ms = (from)->ended_ms;                                                                             \
		(to)->stage_entered_ms = (from)->stage_entered_ms;                                                             \
		(to)->done = (from)->done;                                                                                     \
		(to)->total = (from)->total;                                                                                   \
		(to)->is_simulated = (from)->is_simulated;                                                                     \
		(to)->moved_percent = (from)->moved_percent;                                                                   \
	} while (0)

#endif
