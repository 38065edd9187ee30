/* What has to work before a test can say anything. */
#ifndef TESTS_UNIT_PRG_MUST_H
#define TESTS_UNIT_PRG_MUST_H

#include <prg/prg.h>
#include <stdio.h>
#include <stdlib.h>

#define MUST(condition)                                                                                                \
	do {                                                                                                               \
		if (!(condition)) {                                                                                            \
			fprintf(stderr, "%s:%d: %s fails: %s\n", __FILE__, __LINE__, #condition, prg_error());                     \
			abort();                                                                                                   \
		}                                                                                                              \
	} while (0)

#endif
