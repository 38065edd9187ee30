/*
 * Puts a sieve before the HTTP library: at link time its calls of recv and gnutls_record_recv become ours
 * (-Wl,--wrap, see CMakeLists.txt). Sockets that were not opened here are read as ever.
 */
#ifndef HTTP_INTAKE_H
#define HTTP_INTAKE_H

#include <stdbool.h>

/* Makes room for as many sockets as the process may open. False: no memory. Once; stays for the life of the process. */
bool intake_init(void);

/* From now on, until intake_close, what this socket receives is sifted. False: no memory, or too many sockets. Both are
 * called by the thread that reads the socket. */
bool intake_open(int socket_fd);
void intake_close(int socket_fd);

#endif
