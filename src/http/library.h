/* What the HTTP library calls, always on its own thread. */
#ifndef HTTP_LIBRARY_H
#define HTTP_LIBRARY_H

#include <microhttpd.h>
#include <stddef.h>

enum MHD_Result library_on_request(void *server, struct MHD_Connection *connection, const char *url, const char *method,
                                   const char *version, const char *bytes, size_t *length, void **context);
void library_on_end(void *server, struct MHD_Connection *connection, void **context,
                    enum MHD_RequestTerminationCode how);
void library_on_connection(void *server, struct MHD_Connection *connection, void **context,
                           enum MHD_ConnectionNotificationCode what);

#endif
