package cli

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestPages types every block of code of the README and of the guide, each page from top to bottom in a folder of its own, and compares what is printed with
// what the page says. What a reader has and a test has not is stood in for: see makers and replacements. Without ONNX Runtime this takes too long.
func TestPages(t *testing.T) {
	if testing.Short() || !slices.Contains(engineNames(t), "ort") {
		t.Skip("scans some thousand scenes")
	}
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip(err)
	}
	all := newThings(t)
	for file, page := range documents(t) {
		if file == "README.md" || strings.HasPrefix(file, "docs/guide/") {
			t.Run(filepath.Base(file), func(t *testing.T) { all.desk(t).page(file, page) })
		}
	}
}

// block is a block of code of a page.
type block struct {
	line     int    // where it begins, from 1
	language string // of a fence
	text     string
}

// blocks are those of a page: fenced, or indented by four blanks after an empty line. An empty line parts indented commands from what they print.
func blocks(page string) (list []block) {
	var current *block
	fenced, before := false, ""
	end := func() {
		if current != nil && strings.TrimSpace(current.text) != "" {
			list = append(list, *current)
		}
		current = nil
	}
	for i, line := range strings.Split(page+"\n", "\n") {
		code, indented := strings.CutPrefix(line, "    ")
		switch {
		case strings.HasPrefix(line, "```"):
			end()
			if fenced = !fenced; fenced {
				current = &block{line: i + 1, language: line[3:]}
			}
		case fenced:
			current.text += line + "\n"
		case indented && (current != nil || before == ""):
			if current != nil && strings.HasSuffix(current.text, "\n\n") && isCommand(current.text) != isCommand(code) {
				end()
			}
			if current == nil {
				current = &block{line: i + 1}
			}
			current.text += code + "\n"
		case current != nil && line == "":
			current.text += "\n"
		default:
			end()
		}
		before = line
	}
	return list
}

// command begins a line that is typed: with a program, after variables.
var command = regexp.MustCompile(`^([A-Z_]+=\S+ )*(facet|\./facet-beam|git|cd|mkdir|go|make|pip|hf|python3|curl|rsync|export) `)

func isCommand(text string) bool { return command.MatchString(text) }

// typed is a line of a block, without what is said of it at its end, and what the same block says that it prints.
type typed struct{ line, want string }

func (b block) typed() (list []typed) {
	if b.language == "console" {
		for _, part := range strings.Split("\n"+b.text, "\n$ ")[1:] {
			line, want, _ := strings.Cut(part, "\n")
			list = append(list, typed{line, want})
		}
		return list
	}
	for line := range strings.Lines(joined.ReplaceAllString(b.text, "")) {
		if line = strings.TrimRight(remarks.ReplaceAllString(strings.TrimRight(line, "\n"), ""), " "); line != "" {
			list = append(list, typed{line: line})
		}
	}
	return list
}

// waits tells of commands that end when they are told to.
var waits = regexp.MustCompile(`^facet (serve|drift watch \S+ var/spool/)`)

// ready is what such a command says once it answers, or has closed a window.
var ready = regexp.MustCompile(`explorer is at|(?m)^window 1`)

// desk is where the commands of one page are typed.
type desk struct {
	t       *testing.T
	things  *things
	home    string
	folder  string // the shell's, which cd changes
	env     []string
	running []*exec.Cmd
	printed string // by the last command
	lacks   bool   // the program of the last command
}

// page types the blocks of a page from top to bottom.
func (d *desk) page(file, page string) {
	defer d.stop()
	for _, b := range blocks(page) {
		at := fmt.Sprintf("%s:%d", file, b.line)
		switch {
		case b.language == "console" || b.language == "" && isCommand(b.text):
			for _, c := range b.typed() {
				if !d.command(at, c) {
					break
				}
			}
		case b.language == "" && d.lacks: // nobody knows what it would print
		case b.language == "":
			samePrint(d.t, at, d.things.replaced(b.text), d.printed)
		case b.language == "go":
			write(d.t, filepath.Join(d.folder, "main.go"), []byte(b.text))
		case b.language == "python" && strings.Contains(d.things.python, fmt.Sprintf("%q", file)): // it runs there
		default:
			d.t.Errorf("%s: a block of %q: expected commands, what they print, go, python or console", at, b.language)
		}
	}
}

// command types a line in a shell that begins where the last one ended, unless something is lacking here.
func (d *desk) command(at string, c typed) (ran bool) {
	d.t.Helper()
	line := d.things.replaced(c.line)
	if lacks := lacking(line); lacks != "" {
		if os.Getenv("FACET_REQUIRE_PAGES") != "" {
			d.t.Errorf("%s: %s: needs %s", at, c.line, lacks)
		}
		d.t.Logf("%s: not run, for lack of %s: %s", at, lacks, c.line)
		d.lacks = true
		return false
	}
	d.lacks = false
	if strings.HasPrefix(line, "facet ") { // in the same terminal
		d.stop()
	}
	d.lay(line)
	where, exports := filepath.Join(d.home, ".pwd"), filepath.Join(d.home, ".exports")
	cmd := exec.Command("bash", "-e", "-c", fmt.Sprintf("[ ! -f %s ] || . %[1]s\n%s\npwd >%s; export -p >%[1]s", exports, line, where))
	cmd.Dir, cmd.Env = d.folder, d.env
	if waits.MatchString(line) && !strings.Contains(line, "--once") {
		d.start(at, line, cmd)
		return true
	}
	began := time.Now()
	out, err := cmd.CombinedOutput()
	for err != nil && strings.HasPrefix(line, "curl ") && time.Since(began) < 30*time.Second { // what answers may have to open files first
		time.Sleep(time.Second)
		again := exec.Command(cmd.Args[0], cmd.Args[1:]...)
		again.Dir, again.Env = cmd.Dir, cmd.Env
		out, err = again.CombinedOutput()
	}
	if err != nil {
		d.t.Fatalf("%s: %s: %v\n%s", at, line, err, out)
	}
	d.t.Logf("%s: %.1f s: %s", at, time.Since(began).Seconds(), line)
	now, err := os.ReadFile(where)
	if err != nil {
		d.t.Fatal(err)
	}
	d.folder = strings.TrimSpace(string(now))
	d.printed = strings.NewReplacer(d.folder+"/", "", d.home, "/home/you").Replace(string(out))
	if c.want != "" {
		samePrint(d.t, at+": "+c.line, d.things.replaced(c.want), d.printed)
	}
	return true
}

// start lets a command run on until the page ends.
func (d *desk) start(at, line string, cmd *exec.Cmd) {
	d.t.Helper()
	var said record
	cmd.Args[len(cmd.Args)-1] = "exec " + line
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.running = append(d.running, cmd)
	for began := time.Now(); !ready.MatchString(said.String()); time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			d.t.Fatalf("%s: %s: said in a minute:\n%s", at, line, said.String())
		}
	}
}

// stop interrupts what still runs.
func (d *desk) stop() {
	for _, cmd := range d.running {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			d.t.Errorf("%s: ended by itself: %v", cmd.Args, err)
		}
		cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != exitInterrupted && code != exitOK {
			d.t.Errorf("%s: exit code %d:\n%s", cmd.Args, code, cmd.Stderr)
		}
	}
	d.running = nil
}

// record is what a process has said so far.
type record struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.String()
}

// lay puts what a line names, and does not make, into the shell's folder.
func (d *desk) lay(line string) {
	d.t.Helper()
	made := map[string]bool{}
	for _, m := range output.FindAllStringSubmatch(line, -1) {
		made[m[1]] = true
		os.RemoveAll(filepath.Join(d.folder, m[1]))
	}
	for name := range d.things.makers {
		path := filepath.Join(d.folder, name)
		if _, err := os.Lstat(path); err == nil || made[name] || !named(name, line) {
			continue
		}
		if out, err := exec.Command("cp", "-a", d.things.have(d.t, name), path).CombinedOutput(); err != nil {
			d.t.Fatalf("%v: %s", err, out)
		}
	}
}

// named tells whether a line has a path that begins with a name.
func named(name, line string) bool {
	return regexp.MustCompile(`(^|[ '"@:=])` + regexp.QuoteMeta(name) + `([/ '"]|$)`).MatchString(line)
}

// output finds what a line writes.
var output = regexp.MustCompile(`(?:-o|>|drift watch .*--store) ?([^ '"]+)`)

// lacking is a program that a line needs and that is not here.
func lacking(line string) string {
	name := command.FindStringSubmatch(line)[2]
	switch name {
	case "facet", "./facet-beam", "cd", "export":
		return ""
	case "python3":
		if err := exec.Command("python3", "-c", "import h5py, numpy, PIL").Run(); err != nil {
			return "h5py, NumPy and Pillow"
		}
	}
	if _, err := os.Stat("../../.git"); err != nil && strings.HasPrefix(line, "git clone") {
		return "the repository's history"
	}
	if changes := name == "pip" || strings.HasPrefix(line, "go mod tidy"); changes && os.Getenv("FACET_REQUIRE_PAGES") == "" {
		return "a network, and leave to install"
	}
	if _, err := exec.LookPath(name); err != nil {
		return name
	}
	return ""
}

// digest is one that stands for a file or a protocol: it differs between engines.
var digest = regexp.MustCompile(`\b([0-9a-f]{12}|[0-9a-f]{64})\b`)

// samePrint finds what a page says in what was printed. A line "…" stands for lines that are left out, and "…" or "[…]" in a line for a part of it.
// Numbers may differ as those of processors do.
func samePrint(t *testing.T, what, want, got string) {
	t.Helper()
	printed := lines(got)
	part, rest := []string(nil), append(lines(want), "…")
	for len(rest) > 0 {
		end := slices.Index(rest, "…")
		part, rest = rest[:end], rest[end+1:]
		from := 0
		for from+len(part) <= len(printed) && !slices.EqualFunc(part, printed[from:from+len(part)], sameLine) {
			from++
		}
		if from+len(part) > len(printed) {
			t.Errorf("%s: the page says\n%s\nand this was printed:\n%s", what, strings.Join(part, "\n"), got)
			return
		}
		printed = printed[from+len(part):]
	}
}

// lines are those of a text, with blanks and rules as short as can be: what is left out may be wider.
func lines(text string) []string {
	text = digest.ReplaceAllString(regexp.MustCompile("─+").ReplaceAllString(text, "─"), "digest")
	list := strings.Split(strings.Trim(text, "\n"), "\n")
	for i, line := range list {
		list[i] = strings.Join(strings.Fields(line), " ")
	}
	return list
}

// sameLine tells whether a line of a page is one that was printed.
func sameLine(page, printed string) bool {
	numbers := figure.FindAllString(page, -1)
	shape := regexp.QuoteMeta(figure.ReplaceAllString(page, "\x00"))
	shape = strings.NewReplacer(`\[…\]`, ".*", "…", ".*", "\x00", "("+figure.String()+")").Replace(shape)
	found := regexp.MustCompile("^" + shape + "$").FindStringSubmatch(printed)
	if found == nil {
		return false
	}
	groups := 1 + figure.NumSubexp()
	for i, want := range numbers {
		if got := found[1+i*groups]; !near(want, got) && !strings.Contains(want, "e-") { // the size of rounding is the processor's
			return false
		}
	}
	return true
}

// TestSameLine: a line is the same with other blanks and other last digits, and is not with other words or numbers.
func TestSameLine(t *testing.T) {
	for page, want := range map[string]map[string]bool{
		"moon +0.504 3 pairs":        {"moon +0.504 3 pairs": true, "moon +0.505 3 pairs": true, "moon +0.604 3 pairs": false, "moon +0.504 4 pairs": false, "sun +0.504 3 pairs": false},
		"window 5: …; 12 pairs […]":  {"window 5: 200 images; 12 pairs changed": true, "window 5: 12 pairs": false, "window 6: 200 images; 12 pairs changed": false},
		"residual 4.7e-07 (at most)": {"residual 3.9e-07 (at most)": true, "residual 4.7e-07 (at least)": false},
	} {
		for printed, same := range want {
			if sameLine(page, printed) != same {
				t.Errorf("%q and %q: expected %v", page, printed, same)
			}
		}
	}
}

// TestBlocks: a page's blocks are found, with commands apart from what they print.
func TestBlocks(t *testing.T) {
	page := "# A page\n\n    facet a   why\n    facet b \\\n        --c\n\n    printed\n\n    more\n\ntext\n    no block\n\n```console\n$ facet d\nx\n$ facet e\n```\n"
	var got []string
	for _, b := range blocks(page) {
		for _, c := range b.typed() {
			got = append(got, fmt.Sprintf("%d %s|%s", b.line, c.line, c.want))
		}
	}
	want := []string{"3 facet a|", "3 facet b --c|", "7 printed|", "7 more|", "14 facet d|x", "14 facet e|"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
