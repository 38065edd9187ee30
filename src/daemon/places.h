/* The folders of a daemon: where its sockets and its state lie unless somebody says otherwise. */
#ifndef DAEMON_PLACES_H
#define DAEMON_PLACES_H

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"

/* $RUNTIME_DIRECTORY, else $XDG_RUNTIME_DIR/progressd, else /tmp/progressd-UID: made with mode 0700 if it is not there.
 * FAILED_PRECONDITION: it is no folder of ours, or others may look into it. UNAVAILABLE: it cannot be made. */
enum err places_find_run_folder(char ret_path[PATH_MAX], struct fault *fault) MUST_USE;

/* $STATE_DIRECTORY, else $XDG_STATE_HOME/progressd, else ~/.local/state/progressd. Likewise. */
enum err places_find_state_folder(char ret_path[PATH_MAX], struct fault *fault) MUST_USE;

/* The dashboard that came with the program: ../share/progressd/dashboard from where the program lies, installed or just
 * built. False: there is none. */
bool places_find_dashboard(char ret_path[PATH_MAX]);

#endif
