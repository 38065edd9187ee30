/* clip-worker: takes one video through the clip pipeline. */
#include <curl/curl.h>

#include "log.h"
#include "options.h"
#include "pipeline.h"
#include "stop.h"

int main(int argc, char **argv)
{
	struct options options;
	switch (options_read(argc, argv, &options)) {
	case OPTIONS_EXIT_OK:
		return 0;
	case OPTIONS_EXIT_USAGE:
		return 2;
	case OPTIONS_RUN:
		break;
	}
	stop_watch();
	if (curl_global_init(CURL_GLOBAL_DEFAULT)) {
		log_line("libcurl does not start");
		return 1;
	}
	int exit_status = pipeline_run(&options);
	curl_global_cleanup();
	return exit_status;
}
