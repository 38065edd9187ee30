/* The options of the HTTP door, each set from its text. INVALID_ARGUMENT: the fault's text says what is allowed. */
#ifndef DAEMON_CONFIG_HTTP_H
#define DAEMON_CONFIG_HTTP_H

#include "daemon/config.h"

enum err config_set_http(struct config *config, const char *value, struct fault *fault) MUST_USE;
enum err config_set_http_host(struct config *config, const char *value, struct fault *fault) MUST_USE;
enum err config_set_http_origin(struct config *config, const char *value, struct fault *fault) MUST_USE;
enum err config_set_tls_certificate(struct config *config, const char *value, struct fault *fault) MUST_USE;
enum err config_set_tls_key(struct config *config, const char *value, struct fault *fault) MUST_USE;
enum err config_set_tokens(struct config *config, const char *value, struct fault *fault) MUST_USE;
enum err config_set_open_pub(struct config *config, const char *value, struct fault *fault) MUST_USE;
enum err config_set_dashboard(struct config *config, const char *value, struct fault *fault) MUST_USE;
enum err config_set_access_log(struct config *config, const char *value, struct fault *fault) MUST_USE;
enum err config_set_http_heartbeat(struct config *config, const char *value, struct fault *fault) MUST_USE;
enum err config_set_http_connections_max(struct config *config, const char *value, struct fault *fault) MUST_USE;

#endif
