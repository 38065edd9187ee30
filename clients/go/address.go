package progressd

// Which address a client talks to, and what an address may look like.

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
)

const (
	defaultTCP         = "tcp://127.0.0.1:7070"
	serverVariable     = "PRG_SERVER"
	socketPathBytesMax = 107
	portMax            = 65535
)

// chooseAddress returns the given address, else $PRG_SERVER, else a unix socket of the daemon's usual places, else the tcp
// port. The error tells where an address that is none came from.
func chooseAddress(url string) (string, error) {
	source := "server"
	if url == "" {
		url, source = os.Getenv(serverVariable), serverVariable
	}
	if url == "" {
		return usualPlace(), nil
	}
	if !isIPC(url) && !isTCP(url) {
		return "", fmt.Errorf("%s: %.200q is no address; allowed are ipc://PATH (up to %d bytes) and tcp://HOST:PORT",
			source, url, socketPathBytesMax)
	}
	return url, nil
}

func usualPlace() string {
	user := os.Geteuid()
	runtime, _, _ := strings.Cut(os.Getenv("RUNTIME_DIRECTORY"), ":") // systemd separates several folders by colons
	folders := []string{runtime, "", fmt.Sprintf("/tmp/progressd-%d", user), "/run/progressd"}
	if session := os.Getenv("XDG_RUNTIME_DIR"); session != "" {
		folders[1] = session + "/progressd"
	}
	for _, folder := range folders {
		url := "ipc://" + folder + "/rpc.sock"
		if strings.HasPrefix(folder, "/") && isIPC(url) && isTrustedSocket(folder+"/rpc.sock", user) {
			return url
		}
	}
	return defaultTCP
}

// isTrustedSocket tells whether it belongs to us or to root: everybody can make folders in /tmp.
func isTrustedSocket(path string, user int) bool {
	info, err := os.Stat(path)
	if err != nil || info.Mode()&os.ModeSocket == 0 {
		return false
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && (owner.Uid == 0 || int(owner.Uid) == user)
}

func isIPC(url string) bool {
	path := strings.TrimPrefix(url, "ipc://")
	return path != url && path != "" && len(path) <= socketPathBytesMax
}

func isTCP(url string) bool {
	place := strings.TrimPrefix(url, "tcp://")
	host, port, err := net.SplitHostPort(place)
	if place == url || err != nil || host == "" {
		return false
	}
	number, err := strconv.ParseUint(port, 10, 32)
	return err == nil && number >= 1 && number <= portMax
}
