/* What the options of the HTTP door may be. */
#include "daemon/config_http.h"

#include <string.h>

#include "daemon/address.h"
#include "daemon/config_values.h"

#define HOST_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"

enum err config_set_http(struct config *config, const char *value, struct fault *fault)
{
	if (strcmp(value, CONFIG_OFF) == 0)
		return config_set_text(&config->http, value, fault);
	enum err err = address_check_host_port(value, fault); /* whom it may reach is checked when all is known */
	return err != ERR_OK ? err : config_set_text(&config->http, value, fault);
}

enum err config_set_http_host(struct config *config, const char *value, struct fault *fault)
{
	if (*value != '\0' && strspn(value, HOST_CHARACTERS) == strlen(value))
		return config_add_text(&config->http_hosts, value, fault);
	return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_HOST", "\"%.100s\" is no host's name without a port", value);
}

enum err config_set_http_origin(struct config *config, const char *value, struct fault *fault)
{
	const char *host = strstr(value, "://");
	bool is_web = strncmp(value, "http://", 7) == 0 || strncmp(value, "https://", 8) == 0;
	if (is_web && host[3] != '\0' && strspn(host + 3, HOST_CHARACTERS ":[]") == strlen(host + 3))
		return config_add_text(&config->http_origins, value, fault);
	return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_ORIGIN",
	                 "\"%.100s\" is no origin; allowed are http://HOST[:PORT] and https://HOST[:PORT]", value);
}

enum err config_set_tls_certificate(struct config *config, const char *value, struct fault *fault)
{
	return config_set_text(&config->tls_certificate, value, fault);
}

enum err config_set_tls_key(struct config *config, const char *value, struct fault *fault)
{
	return config_set_text(&config->tls_key, value, fault);
}

enum err config_set_tokens(struct config *config, const char *value, struct fault *fault)
{
	return config_set_text(&config->tokens, value, fault);
}

enum err config_set_open_pub(struct config *config, const char *value, struct fault *fault)
{
	static const char *const names[] = {"no", "yes", NULL};
	int which = config->opens_pub;
	enum err err = config_read_word(value, names, &which, fault);
	config->opens_pub = which != 0;
	return err;
}

enum err config_set_dashboard(struct config *config, const char *value, struct fault *fault)
{
	return config_set_text(&config->dashboard, value, fault);
}

enum err config_set_access_log(struct config *config, const char *value, struct fault *fault)
{
	static const char *const names[] = {"off", "errors", "all", NULL};
	int which = (int)config->access_log;
	enum err err = config_read_word(value, names, &which, fault);
	config->access_log = (enum http_log)which;
	return err;
}

enum err config_set_http_heartbeat(struct config *config, const char *value, struct fault *fault)
{
	long long seconds = 0;
	enum err err = config_read_number(value, 1, 300, &seconds, fault);
	if (err == ERR_OK)
		config->http_heartbeat_ms = (int)seconds * 1000;
	return err;
}

enum err config_set_http_connections_max(struct config *config, const char *value, struct fault *fault)
{
	return config_set_size(&config->http_connections_max, value, 1000000, fault);
}
