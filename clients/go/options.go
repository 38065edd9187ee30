package progressd

// How a connection and a tracker behave.

import "time"

const defaultTimeout = 10 * time.Second

type options struct {
	timeout       time.Duration // for each call whose context has no deadline; negative: none
	failFast      bool
	authorization *string // nil: as the environment says
	writer        string  // of a tracker
}

// Option changes how a Conn or a ProgressTracker behaves.
type Option func(*options)

// WithTimeout limits each call whose context has no deadline, instead of 10 seconds; calls that wait (WaitProgress) have
// their own waiting time on top, and streams have no limit. While the service cannot be reached, calls wait for it so
// long. Negative: no limit.
func WithTimeout(timeout time.Duration) Option {
	return func(options *options) { options.timeout = timeout }
}

// WithFailFast makes calls answer Unavailable at once when the service cannot be reached, instead of waiting for it;
// grpc.WaitForReady of a call overrides it.
func WithFailFast() Option {
	return func(options *options) { options.failFast = true }
}

// WithAuthorization sends "Bearer <token>", or nothing if it is empty, with calls that give no authorization in their outgoing
// metadata, instead of the token in $PRG_TOKEN or in the first line of the file $PRG_TOKEN_FILE.
func WithAuthorization(authorization string) Option {
	return func(options *options) { options.authorization = &authorization }
}

// WithWriter names a tracker's worker, 1 to 64 bytes, differently from all others that update the same job at the same
// time; by default the name is made from host, process and a random number.
func WithWriter(writer string) Option {
	return func(options *options) { options.writer = writer }
}

func optionsOf(changes []Option) options {
	chosen := options{timeout: defaultTimeout}
	for _, change := range changes {
		change(&chosen)
	}
	return chosen
}
