// Package pgtest gives tests a PostgreSQL server of their own: a real one, in a temporary folder, on a socket that nobody else sees.
package pgtest

import (
	"context"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Start starts a server and gives the address of a new database on it. The server ends with the test. Without PostgreSQL's programs, in the PATH
// or in Debian's folders, the test is skipped, or fails where FACET_REQUIRE_POSTGRES is set.
func Start(t testing.TB) string {
	t.Helper()
	bin, err := programs()
	if err != nil {
		if os.Getenv("FACET_REQUIRE_POSTGRES") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir, err := os.MkdirTemp("", "facet-postgres-*") // of a short name: a socket's is limited
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := server{t, bin, dir, unprivileged(t, dir)}
	data := filepath.Join(dir, "data")
	s.run("initdb", "-D", data, "-U", "facet", "-A", "trust", "--no-sync")
	s.run("pg_ctl", "start", "-w", "-D", data, "-l", filepath.Join(dir, "log"), "-o", "-c listen_addresses= -c fsync=off -c unix_socket_directories="+dir)
	t.Cleanup(func() { s.run("pg_ctl", "stop", "-D", data, "-m", "immediate") })
	return "postgres://facet@/postgres?host=" + url.QueryEscape(dir)
}

// Fresh gives the address of an empty database on the same server.
func Fresh(t testing.TB, address, name string) string {
	t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		t.Fatal(err)
	}
	return strings.Replace(address, "/postgres?", "/"+name+"?", 1)
}

type server struct {
	t      testing.TB
	bin    string
	dir    string
	caller *syscall.SysProcAttr
}

func (s server) run(program string, args ...string) {
	cmd := exec.Command(filepath.Join(s.bin, program), args...)
	cmd.Dir, cmd.SysProcAttr = s.dir, s.caller
	// Not pipes: the server would hold them open.
	out, err := os.CreateTemp(s.dir, program+"-*")
	if err != nil {
		s.t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		s.t.Fatalf("%s: %v\n%s", program, err, said)
	}
}

// programs is the folder of PostgreSQL's programs, of the newest version.
func programs() (string, error) {
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.Reverse(folders)
	if path, err := exec.LookPath("pg_ctl"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			folders = append(folders, filepath.Dir(real))
		}
	}
	for _, dir := range folders {
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("PostgreSQL's initdb and pg_ctl are not at hand (Debian: apt-get install postgresql)")
}
