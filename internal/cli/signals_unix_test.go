//go:build unix

package cli

import (
	"bufio"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// awaitLine reads what a process says until it has said a text, and throws the rest away.
func awaitLine(t *testing.T, log io.Reader, text string) {
	t.Helper()
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if strings.Contains(lines.Text(), text) {
			go io.Copy(io.Discard, log)
			return
		}
	}
	t.Fatalf("it ended without saying %q", text)
}

// exitOf waits for a process, and fails when it does not end.
func exitOf(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		cmd.Wait()
	}()
	select {
	case <-ended:
	case <-time.After(2 * time.Minute):
		cmd.Process.Kill()
		t.Fatal("it still runs after two minutes")
	}
	return cmd.ProcessState.ExitCode()
}

var signalCodes = map[syscall.Signal]int{syscall.SIGINT: exitInterrupted, syscall.SIGTERM: exitTerminated}

// TestSignalEndsWaitingForInput: the first signal ends a watch on whose standard input nothing comes; the exit code says which it was.
func TestSignalEndsWaitingForInput(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: takes some seconds")
	}
	p := smallProfile(t)
	for signal, code := range signalCodes {
		cmd, log := startLogged(t, driftArgs("watch", p, "-", "--store", filepath.Join(t.TempDir(), "drift.db"), "--listen", "localhost:0")...)
		awaitLine(t, log, "listening at")
		cmd.Process.Signal(signal)
		if got := exitOf(t, cmd); got != code {
			t.Errorf("%v: exit code %d, expected %d", signal, got, code)
		}
	}
}

// TestSecondSignalEndsWhatIsStuck: nothing that facet waits for outlives a second signal.
func TestSecondSignalEndsWhatIsStuck(t *testing.T) {
	for signal, code := range signalCodes {
		cmd, log := startAs(t, "stuck")
		awaitLine(t, log, "stuck")
		ended := make(chan struct{})
		go func() { // again and again, for a signal that comes before the last one was taken up is lost
			for {
				select {
				case <-ended:
					return
				case <-time.After(50 * time.Millisecond):
					cmd.Process.Signal(signal)
				}
			}
		}()
		if got := exitOf(t, cmd); got != code {
			t.Errorf("%v: exit code %d, expected %d", signal, got, code)
		}
		close(ended)
	}
}
