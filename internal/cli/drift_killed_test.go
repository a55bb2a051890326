package cli

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/pgtest"
)

// TestDriftKilledTellsTheSame: killed at random moments, a stream that is compared with windows of its own, or that tells cameras apart on PostgreSQL, has the
// windows, evidence and alerts of a watcher that nobody disturbs and that sees the images in the same order.
func TestDriftKilledTellsTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: kills 24 processes")
	}
	p := filepath.Join(t.TempDir(), "p")
	succeed(t, driftArgs("profile", "scenes:steady?n=20&seed=1&size=64", "--vary", "0", "--watch", "a yellow car", "-o", p)...)
	for name, flags := range map[string][]string{
		"rolling": {"--reference", "rolling:2"}, "own": {"--reference", "own:2"}, "previous": {"--reference", "previous"}, "groups on PostgreSQL": {"--per", "group"},
	} {
		t.Run(name, func(t *testing.T) {
			driver, store := "sqlite", filepath.Join(t.TempDir(), "killed.db")
			if strings.Contains(name, "PostgreSQL") {
				driver, store = "pgx", pgtest.Start(t)
			}
			dir := t.TempDir()
			flags = append(flags, "--window", "10")
			args := driftArgs(append([]string{"watch", p, dir, "--store", store, "--every", "20ms"}, flags...)...)
			const lives, each = 6, 10 // of each camera
			for life := range lives {
				addOfCameras(t, dir, life*each, (life+1)*each)
				cmd := start(t, args...)
				time.Sleep(time.Duration(300+rand.IntN(1200)) * time.Millisecond)
				cmd.Process.Kill()
				if cmd.Wait() == nil {
					t.Fatal("it ended by itself")
				}
			}
			succeed(t, append(args, "--once")...)
			db := opened(t, driver, store)
			killed := windowsOf(t, db)
			if len(killed) != 2*lives*each/10 {
				t.Errorf("%d windows, expected %d", len(killed), 2*lives*each/10)
			}

			undisturbed := filepath.Join(t.TempDir(), "undisturbed.db")
			succeed(t, driftArgs(append([]string{"watch", p, inOrder(t, db), "--store", undisturbed}, flags...)...)...)
			same := cmp.Options{cmpopts.IgnoreFields(answer.Window{}, "First", "Last", "Closed"), cmpopts.EquateApprox(1e-4, 1e-9), cmpopts.EquateEmpty()}
			if diff := cmp.Diff(windowsOf(t, opened(t, "sqlite", undisturbed)), killed, same); diff != "" {
				t.Errorf("windows (-undisturbed +killed)\n%s", diff)
			}
		})
	}
}

// opened is the database of a store.
func opened(t *testing.T, driver, store string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, store)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// rowsOf are the columns of text that a query of a store selects.
func rowsOf(t *testing.T, db *sql.DB, query string, columns int) (all [][]string) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		row, into := make([]string, columns), make([]any, columns)
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// windowsOf are the windows of a store, by camera.
func windowsOf(t *testing.T, db *sql.DB) (all []answer.Window) {
	t.Helper()
	for _, row := range rowsOf(t, db, `SELECT w.result FROM windows w JOIN stream s ON s.id = w.stream ORDER BY s.name, w.number`, 1) {
		var w answer.Window
		if err := json.Unmarshal([]byte(row[0]), &w); err != nil {
			t.Fatal(err)
		}
		all = append(all, w)
	}
	return all
}

// inOrder is a manifest of the images of a store in the order in which they were counted.
func inOrder(t *testing.T, db *sql.DB) (path string) {
	t.Helper()
	lines := []string{"path,group"}
	for _, row := range rowsOf(t, db, `SELECT i.name, s.name FROM images i JOIN stream s ON s.id = i.stream ORDER BY i.id`, 2) {
		lines = append(lines, fmt.Sprintf("%s,%s", row[0], row[1]))
	}
	path = filepath.Join(t.TempDir(), "order.csv")
	write(t, path, []byte(strings.Join(lines, "\n")+"\n"))
	return path
}
