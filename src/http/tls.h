/* The certificate of https, which can be changed while the door is open. */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "base/err.h"

struct tls;

/* TLS 1.2 and 1.3, with what GnuTLS counts as safe. */
#define TLS_PRIORITIES "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* Reads the PEM files. INVALID_ARGUMENT: one of them cannot be read, or they do not belong together. */
enum err tls_open(const char *certificate, const char *key, struct tls **ret_tls, struct fault *fault) MUST_USE;

/* Reads them anew; on an error the old ones stay. */
enum err tls_reload(struct tls *tls, struct fault *fault) MUST_USE;

/* Nobody may shake hands any more. Accepts NULL. */
void tls_close(struct tls *tls);

/* gnutls_certificate_retrieve_function2, for the one open tls of the process. */
int tls_retrieve(gnutls_session_t session, const gnutls_datum_t *names, int name_count,
                 const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **ret_chain,
                 unsigned int *ret_chain_length, gnutls_privkey_t *ret_key);

#endif
