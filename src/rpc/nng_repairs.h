/*
 * Three faults of NNG 1.5.2 are repaired at link time; each program that uses NNG much should be linked statically with
 * this file and --wrap for the functions below (linking to this room brings the options).
 *
 * - sendmsg: a peer that leaves during the handshake makes it fail with EPIPE, which NNG takes for a closed listener:
 *   it would never accept again. It is told ECONNRESET instead.
 * - nni_plat_ncpu, nni_taskq_sys_init, nni_thr_run: NNG starts two threads for callbacks for each processor of the
 *   machine, whatever a container allows. It starts a number of ours instead: one. Callbacks never wait, and with two
 *   threads each call wakes the other one, only for both to meet at the socket's lock (measured with 64 calls
 *   outstanding: 54 k updates/s with two threads, 74 k/s with one).
 * - nni_aio_begin, nng_stream_recv, nng_stream_send: a connection that is closed by our side between two reads of one
 *   message begins the second one on an operation that is stopped already. NNG drops it without a word, waits for its
 *   end for ever, and with it everything that is to be freed later: connections, sockets. It is told of the end
 *   instead.
 */
#ifndef RPC_NNG_REPAIRS_H
#define RPC_NNG_REPAIRS_H

/* Makes NNG start so many threads for callbacks (1 to 16). Before the first use of NNG only; 1 until set. */
void nng_repairs_set_threads(int count);

/* Does nothing; who calls it makes the linker take this file, and complain when the options are missing. */
void nng_repairs_require(void);

#endif
