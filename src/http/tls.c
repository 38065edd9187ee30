/*
 * The library asks for the certificate by a function without a context, so there is one open tls in a process. A
 * handshake may still use the pair that it was given when another one is read, so pairs are kept to the end: they are
 * small and change rarely.
 */
#include "http/tls.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { CHAIN_MAX = 16 };

struct pair {
	struct pair *older;
	gnutls_pcert_st chain[CHAIN_MAX];
	unsigned int chain_length;
	gnutls_privkey_t key;
};

struct tls {
	const char *certificate_path;
	const char *key_path;
	struct pair *newest; /* under the lock */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct tls *open_tls;

static enum err refuse(struct fault *fault, const char *option, const char *path, int code)
{
	return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_CERTIFICATE", "%s: cannot use %s: %s", option, path,
	                 gnutls_strerror(code));
}

static enum err read_chain(struct pair *pair, const char *path, struct fault *fault)
{
	gnutls_datum_t text = {NULL, 0};
	int code = gnutls_load_file(path, &text);
	pair->chain_length = CHAIN_MAX;
	if (code == GNUTLS_E_SUCCESS)
		code = gnutls_pcert_list_import_x509_raw(pair->chain, &pair->chain_length, &text, GNUTLS_X509_FMT_PEM,
		                                         GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
	gnutls_free(text.data);
	if (code == GNUTLS_E_SUCCESS)
		return ERR_OK;
	pair->chain_length = 0;
	return refuse(fault, "--tls-cert", path, code);
}

static enum err read_key(struct pair *pair, const char *path, struct fault *fault)
{
	gnutls_datum_t text = {NULL, 0};
	int code = gnutls_load_file(path, &text);
	if (code == GNUTLS_E_SUCCESS)
		code = gnutls_privkey_init(&pair->key);
	if (code == GNUTLS_E_SUCCESS)
		code = gnutls_privkey_import_x509_raw(pair->key, &text, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (text.data != NULL) {
		gnutls_memset(text.data, 0, text.size);
		gnutls_free(text.data);
	}
	return code == GNUTLS_E_SUCCESS ? ERR_OK : refuse(fault, "--tls-key", path, code);
}

/* Whether the key is that of the certificate: what it signs must be verified by it. */
static enum err check_pair(const struct pair *pair, const struct tls *tls, struct fault *fault)
{
	unsigned char byte = 'x';
	const gnutls_datum_t text = {&byte, 1};
	gnutls_datum_t signature = {NULL, 0};
	int code = gnutls_privkey_sign_data(pair->key, GNUTLS_DIG_SHA256, 0, &text, &signature);
	if (code == GNUTLS_E_SUCCESS) {
		gnutls_sign_algorithm_t algorithm = gnutls_pk_to_sign(
		    (gnutls_pk_algorithm_t)gnutls_privkey_get_pk_algorithm(pair->key, NULL), GNUTLS_DIG_SHA256);
		code = gnutls_pubkey_verify_data2(pair->chain[0].pubkey, algorithm, 0, &text, &signature);
	}
	gnutls_free(signature.data);
	if (code >= 0)
		return ERR_OK;
	return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_CERTIFICATE", "--tls-key: %s is not the key of %s",
	                 tls->key_path, tls->certificate_path);
}

static void destroy_pair(struct pair *pair)
{
	for (unsigned i = 0; i < pair->chain_length; i++)
		gnutls_pcert_deinit(&pair->chain[i]);
	if (pair->key != NULL)
		gnutls_privkey_deinit(pair->key);
	free(pair);
}

enum err tls_reload(struct tls *tls, struct fault *fault)
{
	struct pair *pair = calloc(1, sizeof *pair);
	if (pair == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory for the certificate");
	enum err err = read_chain(pair, tls->certificate_path, fault);
	if (err == ERR_OK)
		err = read_key(pair, tls->key_path, fault);
	if (err == ERR_OK)
		err = check_pair(pair, tls, fault);
	if (err != ERR_OK) {
		destroy_pair(pair);
		return err;
	}
	pthread_mutex_lock(&lock);
	pair->older = tls->newest;
	tls->newest = pair;
	pthread_mutex_unlock(&lock);
	return ERR_OK;
}

enum err tls_open(const char *certificate, const char *key, struct tls **ret_tls, struct fault *fault)
{
	struct tls *tls = calloc(1, sizeof *tls);
	if (tls == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory for the certificate");
	tls->certificate_path = certificate;
	tls->key_path = key;
	enum err err = tls_reload(tls, fault);
	if (err != ERR_OK) {
		free(tls);
		return err;
	}
	pthread_mutex_lock(&lock);
	assert(open_tls == NULL);
	open_tls = tls;
	pthread_mutex_unlock(&lock);
	*ret_tls = tls;
	return ERR_OK;
}

void tls_close(struct tls *tls)
{
	if (tls == NULL)
		return;
	pthread_mutex_lock(&lock);
	open_tls = NULL;
	pthread_mutex_unlock(&lock);
	while (tls->newest != NULL) {
		struct pair *older = tls->newest->older;
		destroy_pair(tls->newest);
		tls->newest = older;
	}
	free(tls);
}

int tls_retrieve(gnutls_session_t session, const gnutls_datum_t *names, int name_count,
                 const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **ret_chain,
                 unsigned int *ret_chain_length, gnutls_privkey_t *ret_key)
{
	(void)session;
	(void)names;
	(void)name_count;
	(void)algorithms;
	(void)algorithm_count;
	pthread_mutex_lock(&lock);
	struct pair *pair = open_tls != NULL ? open_tls->newest : NULL;
	pthread_mutex_unlock(&lock);
	if (pair == NULL)
		return -1;
	*ret_chain = pair->chain;
	*ret_chain_length = pair->chain_length;
	*ret_key = pair->key;
	return 0;
}
