package progressd

// What a client proves itself with.

import (
	"fmt"
	"os"
	"strings"
)

const (
	tokenVariable     = "PRG_TOKEN"
	tokenFileVariable = "PRG_TOKEN_FILE"
)

// chooseAuthorization returns the given authorization, else the token in $PRG_TOKEN, else the first line of the file
// $PRG_TOKEN_FILE. The error quotes nothing of what was found.
func chooseAuthorization(given *string) (string, error) {
	if given != nil {
		return *given, nil
	}
	if token := os.Getenv(tokenVariable); token != "" {
		return bearer(token, tokenVariable)
	}
	path := os.Getenv(tokenFileVariable)
	if path == "" {
		return "", nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", tokenFileVariable, err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return bearer(strings.TrimSuffix(line, "\r"), tokenFileVariable)
}

func bearer(token, source string) (string, error) {
	isStrange := func(letter rune) bool { return letter <= ' ' || letter > '~' }
	if token == "" || strings.IndexFunc(token, isStrange) >= 0 {
		return "", fmt.Errorf("%s: holds no token", source)
	}
	return "Bearer " + token, nil
}
