/*
 * The generated stubs over a client of libprg, for everything that <prg/prg.h> has no function for, such as batches:
 *
 *     #include <prg/prg.h>
 *     #include <prg/service.h>
 *
 *     static void show(const Progress__V1__BatchUpdateProgressResponse *response, void *context)
 *     {
 *         if (response == NULL)
 *             fprintf(stderr, "%s: %s\n", prg_code_name(prg_service_code()), prg_error());
 *         else ...
 *     }
 *     ...
 *     progress__v1__progress_tracker_service__batch_update_progress(prg_service(client), &request, show, NULL);
 *
 * The comments of the schema, copied into <progress/v1/progress_service.pb-c.h>, say what the messages mean. The
 * library exports the generated functions; programs that include this header also need libprotobuf-c:
 *
 *     cc program.c $(pkg-config --cflags --libs prg libprotobuf-c)
 */
#ifndef PRG_SERVICE_H
#define PRG_SERVICE_H

#include <prg/prg.h>
#include <progress/v1/progress_service.pb-c.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The service that the generated stubs take. Borrowed: it lives as long as the client and must not be destroyed.
 *
 * A stub blocks, with the time limit and the reconnection of the client's other calls, and then calls its closure
 * exactly once, on the calling thread, before it returns. The closure gets the response, borrowed for the call, or NULL
 * when the call has failed: prg_service_code, prg_error and prg_error_reason say why. Requests that wait (WaitProgress,
 * WatchProgress, WatchJobs) extend the time limit by their own timeout.
 *
 * A request is repeated as it is when its answer is lost: give updates a `writer` with a rising `sequence`, or a
 * `request_id`, to make that harmless. */
PRG_API ProtobufCService *prg_service(struct prg_client *client);

/* The code of the calling thread's last call. */
PRG_API enum prg_code prg_service_code(void);

/* What the acknowledgement of the calling thread's last successful call is worth. */
PRG_API enum prg_durability prg_service_durability(void);

#ifdef __cplusplus
}
#endif

#endif
