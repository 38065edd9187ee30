package progressd_test

// The package as its users get it: the version is the daemon's, examples run, and a module outside of the tree builds on it.

import (
	"go/ast"
	"go/doc"
	"go/parser"
	gotoken "go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"progressd/gen/go/version"
)

func run(t *testing.T, folder string, environment []string, command ...string) string {
	t.Helper()
	program := exec.Command(command[0], command[1:]...)
	program.Dir, program.Env = folder, append(os.Environ(), environment...)
	output, err := program.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", command, err, output)
	}
	return string(output)
}

func TestTheVersionIsTheDaemons(t *testing.T) {
	told := run(t, ".", nil, startDaemon(t).program, "--version")
	if !strings.Contains(told, version.Number) {
		t.Fatal(told)
	}
}

func TestTheExampleRuns(t *testing.T) {
	daemon := startDaemon(t)
	same(t, "output", run(t, ".", []string{"PRG_SERVER=" + daemon.tcp}, "go", "run", "./example/worker", "job-7"), "")
	info, err := newTracker(t, daemon.ipc).GetProgress(patient(t), "job-7")
	must(t, err)
	same(t, "state", info.GetStatus()+": "+info.GetMessage(), "completed: all done")
}

// The README's worker, in a module of its own, made by the README's commands.
func TestTheTenLinesOfTheReadmeRunInAModuleOfTheirOwn(t *testing.T) {
	text, err := os.ReadFile("README.md")
	must(t, err)
	tree, err := filepath.Abs("../..")
	must(t, err)
	folder, program := t.TempDir(), between(string(text), "```go\n", "```")+"\nfunc transcribe(int) {}\n"
	must(t, os.WriteFile(filepath.Join(folder, "main.go"), []byte(program), 0o600))
	run(t, folder, nil, "go", "mod", "init", "example.com/user")
	for _, line := range strings.Split(between(string(text), "```sh\n", "```"), "\n") {
		if words := strings.Fields(strings.ReplaceAll(line, "/path/to/tree", tree)); len(words) > 0 {
			run(t, folder, nil, words...)
		}
	}
	told := run(t, folder, []string{"PRG_SERVER=" + startDaemon(t).ipc}, "go", "run", ".")
	same(t, "output", told, "completed <nil>\n")
}

// What `go doc` shows has a comment of its own.
func TestAllThatIsExportedIsDocumented(t *testing.T) {
	noTests := func(file fs.FileInfo) bool { return !strings.HasSuffix(file.Name(), "_test.go") }
	files := gotoken.NewFileSet()
	packages, err := parser.ParseDir(files, ".", noTests, parser.ParseComments)
	must(t, err)
	shown, silent := doc.New(packages["progressd"], "progressd", 0), []string{}
	note := func(name, text string) {
		if ast.IsExported(name) && text == "" {
			silent = append(silent, name)
		}
	}
	for _, kind := range shown.Types {
		note(kind.Name, kind.Doc)
		for _, function := range append(kind.Funcs, kind.Methods...) {
			note(function.Name, function.Doc)
		}
	}
	for _, function := range shown.Funcs {
		note(function.Name, function.Doc)
	}
	if shown.Doc == "" || len(shown.Types) == 0 || len(silent) > 0 {
		t.Fatal("without a comment:", silent)
	}
}

func between(text, begin, end string) string {
	_, after, _ := strings.Cut(text, begin)
	inside, _, _ := strings.Cut(after, end)
	return inside
}
