/* The filter of listings and watches, checked as in service/check.h. */
#ifndef SERVICE_CHECK_FILTER_H
#define SERVICE_CHECK_FILTER_H

#include <progress/v1/progress_service.pb-c.h>

#include "feed/filter.h"
#include "service/call.h"

enum { CHECK_FILTER_IDS_MAX = 100 };

/* `filter` may be NULL: all jobs pass. `checked` must be zero, and borrows the filter's strings; the list of ids lies
 * in the call's arena. */
bool check_filter(struct call *call, const Progress__V1__JobFilter *filter, struct feed_filter *checked);

#endif
