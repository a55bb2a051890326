package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	browserpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/lab/editing"
)

// explorer is the explorer in a browser.
type explorer struct {
	t    *testing.T
	ctx  context.Context
	base string

	mu     sync.Mutex
	wrongs []string // errors on the console, and requests that leave the machine
}

// newExplorer opens a browser on the demo; change may serve something else. Where there is none the test is skipped, unless FACET_REQUIRE_BROWSER is set.
func newExplorer(t *testing.T, change func(*Config)) *explorer {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && path == "" {
			path = found
		}
	}
	switch {
	case path == "" && os.Getenv("FACET_REQUIRE_BROWSER") != "":
		t.Fatal("FACET_REQUIRE_BROWSER is set, and there is no chromium in PATH")
	case path == "":
		t.Skip("there is no chromium in PATH: Debian has it as a package")
	case testing.Short():
		t.Skip("a browser is slow")
	}
	server := httptest.NewServer(newServer(t, "127.0.0.1:8080", change).Handler())
	t.Cleanup(server.Close)
	allocated, stop := chromedp.NewExecAllocator(t.Context(), chromedp.Headless, chromedp.NoFirstRun, chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(1400, 1000))
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(allocated)
	t.Cleanup(end)
	x := &explorer{t: t, ctx: ctx, base: server.URL}
	if err := chromedp.Listen(ctx, x.listen); err != nil {
		t.Fatal(err)
	}
	call(t, x, network.Enable, network.EnableParams{})
	call(t, x, log.Enable, cdp.Empty{})
	call(t, x, runtime.Enable, cdp.Empty{})
	return x
}

// call sends a command to the browser.
func call[P, R any](t *testing.T, x *explorer, command cdp.Command[P, R], parameters P) {
	t.Helper()
	if _, err := chromedp.Call(x.ctx, command, parameters); err != nil {
		t.Fatal(err)
	}
}

// listen takes down what must not happen.
func (x *explorer) listen(event any) {
	wrong := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		wrong = "exception: " + e.ExceptionDetails.Text
		if thrown := e.ExceptionDetails.Exception; thrown != nil {
			wrong += " " + thrown.Description
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			wrong = fmt.Sprintf("console %s: %s", e.Type, e.Args[0].Value)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			wrong = "log: " + e.Entry.Text + " " + e.Entry.URL
		}
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil && (u.Scheme == "http" || u.Scheme == "https") && !strings.HasPrefix(e.Request.URL, x.served()+"/") {
			wrong = "a request off the machine: " + e.Request.URL
		}
	}
	if wrong != "" {
		x.mu.Lock()
		x.wrongs = append(x.wrongs, wrong)
		x.mu.Unlock()
	}
}

// served is the address of the server that pages are of.
func (x *explorer) served() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.base
}

// turn leaves the page, and has the next ones be of another server.
func (x *explorer) turn(t *testing.T, base string) {
	t.Helper()
	x.run(t, "away", chromedp.Navigate("about:blank"))
	x.told() // what the page asked for while it was left
	x.mu.Lock()
	defer x.mu.Unlock()
	x.base = base
}

// told are the wrongs since the last call.
func (x *explorer) told() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	wrongs := x.wrongs
	x.wrongs = nil
	return wrongs
}

// run does things in the browser within some time.
func (x *explorer) run(t *testing.T, what string, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(x.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatalf("%s: %v at %s; %q", what, err, x.where(), x.told())
	}
}

// patience is how long a step may take: browsers share the machine with other tests.
const patience = 30 * time.Second

// where says what the browser shows, for failures.
func (x *explorer) where() string {
	at, err := chromedp.Run(x.ctx, chromedp.Evaluate[string](`location.href + ": " + document.querySelector("#state")?.textContent + " " + document.querySelector("main")?.innerText.slice(0, 300)`))
	if err != nil {
		return err.Error()
	}
	return at
}

// open opens a page and waits until it is filled.
func (x *explorer) open(t *testing.T, target string) {
	t.Helper()
	x.run(t, target, chromedp.Navigate(x.base+target), filled)
}

// filled waits until a page's script is done.
var filled = chromedp.WaitReady(chromedp.CSS(`body[data-ready]`))

// value evaluates JavaScript.
func value[T any](x *explorer, t *testing.T, script string) T {
	t.Helper()
	v, err := chromedp.Run(x.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		t.Fatalf("%s: %v at %s; %q", script, err, x.where(), x.told())
	}
	return v
}

// do evaluates JavaScript for what it does.
func do(script string) chromedp.Action[chromedp.Void] {
	return chromedp.Evaluate[chromedp.Void](script)
}

// until waits until a script gives true, on this page or the next one.
func (x *explorer) until(t *testing.T, script string) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(30 * time.Millisecond) {
		if is, err := chromedp.Run(x.ctx, chromedp.Evaluate[bool]("!!("+script+")")); err == nil && is {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("it never came to be that %s: at %s; %q", script, x.where(), x.told())
		}
	}
}

// TestBrowser opens the explorer in a browser, as people do.
func TestBrowser(t *testing.T) {
	x := newExplorer(t, withFew(t))
	for name, test := range map[string]func(*testing.T, *explorer){
		"pages": browsePages, "keyboard": browseKeyboard, "upload": browseUpload, "links": browseLinks, "slider": browseSlider, "segments": browseSegments, "differences": browseDifferences, "map": browseMap, "drift": browseDrift, "door": browseDoor, "growing": browseGrowing, "accessible": browseAccessible,
	} {
		t.Run(name, func(t *testing.T) {
			test(t, x)
			if wrongs := x.told(); len(wrongs) > 0 {
				t.Errorf("%q", wrongs)
			}
		})
	}
}

// withFew serves the beginning of the demo's atlas beside it, by another name.
func withFew(t *testing.T) func(*Config) {
	newServer(t, "127.0.0.1:8080", nil) // so that the whole atlas is there
	first, err := demoBeginning()
	if err != nil {
		t.Fatal(err)
	}
	few := filepath.Join(t.TempDir(), "few")
	if err := os.CopyFS(few, os.DirFS(first)); err != nil {
		t.Fatal(err)
	}
	return func(c *Config) { c.Atlases = append(c.Atlases, few) }
}

// browsed are pages with their state.
var browsed = []string{
	"/", "/?word=van&from=10&count=100", "/search", "/search?text=a+castle", "/search?text=a+castle&unit=head", "/pair?pair=64,3&bar=20", "/neuron?neuron=64", "/head?head=3",
	"/picture", "/picture?image=5&text=a+castle", "/compare", "/compare?kind=pair&a=64,3&b=89,3", "/compare?kind=neuron&a=64&b=89", "/compare?kind=picture&a=5&b=6&text=a+castle", "/compare?kind=picture&a=5&b=6", "/compare?kind=atlas&a=scenes&b=few", "/picture?image=5&text=a+castle&than=6",
	"/drift", "/drift?stream=gate&at=gate:3",
	"/workbench", "/workbench?unit=word:van&scale=0&unit=head:3&scale=2&image=5&text=a+bus",
}

// browsePages: every page is filled without an error on its console and without a request off the machine, and none is wider than a phone.
func browsePages(t *testing.T, x *explorer) {
	x.run(t, "a phone", chromedp.EmulateViewport(400, 800))
	defer x.run(t, "a desk", chromedp.EmulateViewport(1400, 1000))
	for _, target := range browsed {
		x.open(t, target)
		if kind := value[string](x, t, `document.querySelector("#state").dataset.kind || ""`); kind == "failed" {
			t.Errorf("%s: %s", target, value[string](x, t, `document.querySelector("#state").textContent`))
		}
		if over := value[int](x, t, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
			t.Errorf("%s is %d pixels wider than a phone", target, over)
		}
		if wrongs := x.told(); len(wrongs) > 0 {
			t.Errorf("%s: %q", target, wrongs)
		}
	}
	x.open(t, "/pair?pair=9999,3") // the one request that fails
	if got := value[string](x, t, `document.querySelector("#state").textContent`); !strings.Contains(got, "expected a neuron") {
		t.Errorf("a pair that is not there: %q", got)
	}
	if wrongs := x.told(); len(wrongs) == 0 {
		t.Error("what the console says is not heard")
	}
}

// press sends keys to the page.
func (x *explorer) press(t *testing.T, keys string) {
	t.Helper()
	for _, k := range keys {
		x.run(t, "key "+string(k), chromedp.KeyEvent(string(k)))
	}
}

// browseKeyboard: a text, a pair and its neighbours without a mouse.
func browseKeyboard(t *testing.T, x *explorer) {
	x.open(t, "/head?head=3")
	x.press(t, "gs")
	x.until(t, `location.pathname === "/search" && document.body.dataset.ready`)
	x.press(t, "/a castle"+kb.Enter)
	x.until(t, `document.querySelectorAll("#hits tbody tr").length > 0`)
	x.press(t, "jj")
	if at := value[string](x, t, `document.activeElement.textContent`); at != value[string](x, t, `document.querySelectorAll("#hits tbody a")[1].textContent`) {
		t.Errorf("j twice goes to %q", at)
	}
	x.press(t, "k"+kb.Enter)
	x.until(t, `location.pathname === "/pair" && document.body.dataset.ready`)
	x.open(t, "/pair?pair=64,3")
	x.press(t, kb.ArrowRight)
	x.until(t, `new URLSearchParams(location.search).get("pair") === "64,4" && document.body.dataset.ready`)
	x.press(t, "?")
	x.until(t, `document.querySelector("#help").open`)
	x.press(t, kb.Escape)
	x.until(t, `!document.querySelector("#help").open`)
}

// browseUpload: a picture from a file is explained as the API explains it.
func browseUpload(t *testing.T, x *explorer) {
	data := send(newServer(t, "127.0.0.1:8080", nil).Handler(), "GET", "/api/v1/atlases/scenes/images/5?whole=true", nil, nil).Body.Bytes()
	file := filepath.Join(t.TempDir(), "butterfly.png")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	x.open(t, "/picture?text=a+castle")
	x.run(t, "choosing a file", chromedp.SetUploadFiles(chromedp.CSS(`input[name="picture"]`), []string{file}))
	x.until(t, `!document.querySelector("#explanation").hidden && document.querySelectorAll("#groups tbody tr").length > 2`)
	answer := send(newServer(t, "127.0.0.1:8080", nil).Handler(), "POST", "/api/v1/explain?text=a+castle&atlas=scenes", data, picturePNG)
	var want struct{ Total float64 }
	if err := json.Unmarshal(answer.Body.Bytes(), &want); err != nil {
		t.Fatal(err)
	}
	if got := value[string](x, t, `document.querySelector("#total").textContent`); !strings.Contains(got, fmt.Sprintf("is %.2f.", want.Total)) {
		t.Errorf("%q, expected %.2f", got, want.Total)
	}
	x.run(t, "pointing at the picture", chromedp.Focus(chromedp.CSS("#heat")), chromedp.KeyEvent(kb.ArrowRight))
	if got := value[string](x, t, `document.querySelector("#place").textContent`); !strings.HasPrefix(got, "Row 1, column 1 gives") {
		t.Errorf("the first place: %q", got)
	}
}

// browseSegments: a click on the middle of a picture in classes says why the middle is what it is.
func browseSegments(t *testing.T, x *explorer) {
	x.open(t, "/picture?image=137&text=a+van&classes=night+sky,van,lamp")
	x.until(t, `document.querySelector("#overlay").naturalWidth > 0`)
	x.run(t, "asking why", do(`{ const o = document.querySelector("#overlay"), b = o.getBoundingClientRect(), e = (16 + 0.5 * 480) * o.clientWidth / o.naturalWidth;
		o.dispatchEvent(new MouseEvent("click", { bubbles: true, clientX: b.left + e, clientY: b.top + e })); }`))
	x.until(t, `document.querySelectorAll("#why li").length === 8`)
	if got := value[string](x, t, `document.querySelector("#why h3").textContent`); !strings.HasPrefix(got, "Around pixel 96, 96: ") && !strings.HasPrefix(got, "Around pixel 96, 95: ") {
		t.Errorf("the middle of 192 pixels: %q", got)
	}
}

// browseDifferences: why this picture rather than that, and what one atlas uses more than another, are told in the API's numbers.
func browseDifferences(t *testing.T, x *explorer) {
	var want struct {
		GroupsTotal float64 `json:"groups_total"`
		Against     struct{ Total float64 }
	}
	answer := send(newServer(t, "127.0.0.1:8080", nil).Handler(), "GET", "/api/v1/atlases/scenes/images/5/explanation?text=a+castle&baseline_image=6", nil, nil)
	if err := json.Unmarshal(answer.Body.Bytes(), &want); err != nil {
		t.Fatal(err)
	}
	difference := strings.ReplaceAll(fmt.Sprintf("difference, %+.2f", want.GroupsTotal), "-", "−")
	x.open(t, "/picture?image=5&text=a+castle")
	x.run(t, "another picture", do(`{ const f = document.querySelector("#ask"); f.than.value = "6"; f.requestSubmit(); }`))
	x.until(t, `location.search.includes("than=6") && document.querySelector("#total").textContent.includes("Image 6 has")`)
	if got := value[string](x, t, `document.querySelector("#total").textContent`); !strings.Contains(got, difference) {
		t.Errorf("the picture: %q, expected %q", got, difference)
	}
	x.open(t, "/compare?kind=picture&a=5&b=6&text=a+castle")
	if got := value[string](x, t, `document.querySelector("#both").textContent`); !strings.Contains(got, difference) || !strings.Contains(got, fmt.Sprintf("and %.2f of the other", want.Against.Total)) {
		t.Errorf("the comparison: %q, expected %q", got, difference)
	}
	x.open(t, "/compare?kind=atlas&a=scenes&b=few")
	if got := value[string](x, t, `document.querySelector("main").innerText`); !strings.Contains(got, "300") || !strings.Contains(got, "32") || value[int](x, t, `document.querySelectorAll("#both tr").length`) != 21 {
		t.Errorf("two atlases: %q", got)
	}
}

// browseLinks: an address holds all of a page's state: loaded again, and gone back to, the page is the same.
func browseLinks(t *testing.T, x *explorer) {
	x.open(t, "/pair?pair=64,3")
	x.run(t, "a bar of the histogram", do(`document.querySelector("[data-bar='20']").dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }))`))
	x.until(t, `document.querySelectorAll("#bar figure").length > 0`)
	text := `document.querySelector("main").textContent`
	before := value[string](x, t, text)
	x.run(t, "again", chromedp.Reload(), filled)
	if after := value[string](x, t, text); after != before {
		t.Error("a page that is loaded again is another one")
	}
	x.run(t, "back", chromedp.NavigateBack())
	x.until(t, `!location.search.includes("bar") && document.querySelectorAll("#bar figure").length === 0`)
	x.open(t, "/search?text=a+castle")
	x.run(t, "a filter", do(`{ const f = document.querySelector("#filter"); f.head.value = "3"; f.dispatchEvent(new Event("input")); }`))
	rows := `[...document.querySelectorAll("#hits tbody tr")].map((r) => r.textContent).join()`
	filtered := value[string](x, t, rows)
	x.run(t, "again", chromedp.Reload(), filled)
	if after := value[string](x, t, rows); after != filtered || !strings.Contains(filtered, ",3)") {
		t.Errorf("a filter that is loaded again: %q, before %q", after, filtered)
	}
}

// browseSlider: what the workbench shows is what facet edit --dry-run prints for the same edit.
func browseSlider(t *testing.T, x *explorer) {
	x.open(t, "/workbench?unit=pair:690,5&scale=1&unit=pair:64,3&scale=1")
	x.run(t, "two sliders", do(`document.querySelectorAll("#units input").forEach((i) => { i.value = 0; i.dispatchEvent(new Event("input")); })`))
	shown := value[map[string]float64](x, t, `Object.fromEntries([...document.querySelectorAll("#classes tbody tr")].map((r) => [r.dataset.class, Number(r.dataset.logit)]))`)
	want, err := editing.Of(demoServed.lab).PriceEdit(t.Context(), editing.PriceEdit{NoControl: true, Edit: editing.Edit{
		Means: demoServed.atlas, Pairs: []decompose.Pair{{Head: 5, Neuron: 690}, {Head: 3, Neuron: 64}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	changed := false
	for _, c := range want.Classes {
		got, ok := shown[c.Class]
		if after := float64(c.LogitAfter); c.Images > 0 && (!ok || !(got > after-1e-3 && got < after+1e-3)) {
			t.Errorf("%s: the sliders show %v, facet edit %v", c.Class, got, after)
		}
		changed = changed || c.Images > 0 && c.LogitAfter != c.LogitBefore
	}
	if got := value[string](x, t, `document.querySelector("#cost").textContent`); !changed || !strings.Contains(got, fmt.Sprintf("(%d of %d)", want.After.Right, want.After.Of)) {
		t.Errorf("%q, expected %d of %d right", got, want.After.Right, want.After.Of)
	}
}

// browseMap: the map of pairs leads to the pair under the cursor.
func browseMap(t *testing.T, x *explorer) {
	x.open(t, "/?order=number")
	x.run(t, "moving on the map", chromedp.Focus(chromedp.CSS("#pairs")))
	x.press(t, kb.ArrowRight+kb.ArrowRight+kb.ArrowDown)
	if got := value[string](x, t, `document.querySelector("#here").textContent`); !strings.HasPrefix(got, "(1,1) ") {
		t.Errorf("the second pair of the second head: %q", got)
	}
	x.press(t, kb.Enter)
	x.until(t, `location.pathname === "/pair" && new URLSearchParams(location.search).get("pair") === "1,1"`)
}

// browseDrift: a window of the chart shows what changed in it, and its address is the page's.
func browseDrift(t *testing.T, x *explorer) {
	x.open(t, "/search")
	x.press(t, "gd")
	x.until(t, `location.pathname === "/drift" && document.body.dataset.ready`)
	if got := value[string](x, t, `document.querySelector(".window").textContent`); !strings.Contains(got, "Window 2") || !strings.Contains(got, "New: more yellow") {
		t.Errorf("the last alert: %q", got)
	}
	x.run(t, "a window", do(`document.querySelector("[data-window='3']").dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }))`))
	x.until(t, `document.querySelector(".window h3").textContent === "Window 3"`)
	x.run(t, "again", chromedp.Reload(), filled)
	x.until(t, `document.querySelector(".window h3").textContent === "Window 3" && document.querySelectorAll(".change img").length === 5 && document.querySelector(".change img").naturalWidth > 0`)
	x.run(t, "back", chromedp.NavigateBack())
	x.until(t, `document.querySelector(".window h3")?.textContent === "Window 2"`)
}

// browseDoor: the address with the token lets a browser in once, and pages below a path lead to pages below it.
func browseDoor(t *testing.T, x *explorer) {
	s := newServer(t, "192.0.2.1:8080", func(c *Config) { c.BasePath = "/facet" })
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	before := x.base
	x.turn(t, server.URL+"/facet")
	defer x.turn(t, before)
	x.run(t, "without the token", chromedp.Navigate(x.base+"/"))
	if got := value[string](x, t, `document.body.textContent`); !strings.Contains(got, "a token is needed") {
		t.Errorf("without the token: %q", got)
	}
	if wrongs := x.told(); len(wrongs) != 1 || !strings.Contains(wrongs[0], "401") {
		t.Errorf("without the token: %q", wrongs)
	}
	x.open(t, "/?"+tokenParameter+"="+s.token)
	if at := value[string](x, t, `location.pathname + location.search`); at != "/facet/" {
		t.Errorf("the token stays in %s", at)
	}
	if cookie := value[string](x, t, `document.cookie`); cookie != "" {
		t.Errorf("scripts read the cookie: %s", cookie)
	}
	if links := value[int](x, t, `[...document.querySelectorAll("a[href]")].filter((a) => !a.hash && !new URL(a.href).pathname.startsWith("/facet/")).length`); links > 0 {
		t.Errorf("%d links leave the path", links)
	}
	x.press(t, "gd")
	x.until(t, `location.pathname === "/facet/drift" && document.body.dataset.ready && document.querySelector(".chart")`)
}

// browseGrowing: a page says that the whole atlas is being made, and then leads to it.
func browseGrowing(t *testing.T, x *explorer) {
	s, release := growing(t)
	before := x.base
	x.turn(t, strings.TrimSuffix(s.Address(), "/"))
	defer x.turn(t, before)
	makingJob(t, s)
	x.open(t, "/")
	x.until(t, `document.querySelector("#making").textContent.includes("The whole one is being made") && document.querySelector("main").textContent.includes("32 images")`)
	release <- nil
	x.until(t, `document.querySelector("#making").textContent.includes("The whole atlas is ready") && !document.querySelector("#making progress")`)
	x.run(t, "showing it", do(`document.querySelector("#making a").click()`))
	x.until(t, `!document.querySelector("#making") && document.querySelector("main").textContent.includes("300 images")`)
}

// axeRules are those of WCAG 2.1 AA and what axe thinks good practice.
const axeRules = `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }).then((r) => r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html.slice(0, 100)).slice(0, 3).join(" | ")))`

// browseAccessible: axe-core finds nothing, in dark and in light. FACET_AXE is its file, which .ci/run gets from npm.
func browseAccessible(t *testing.T, x *explorer) {
	at := os.Getenv("FACET_AXE")
	if at == "" {
		t.Skip("FACET_AXE does not name axe-core's axe.min.js")
	}
	axe, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		call(t, x, browserpage.SetBypassCSP, browserpage.SetBypassCSPParams{})
		call(t, x, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
	}()
	call(t, x, browserpage.SetBypassCSP, browserpage.SetBypassCSPParams{Enabled: true})
	for i, target := range browsed {
		if !strings.Contains(target, "?") && target != "/drift" { // a page that nothing is asked of yet
			continue
		}
		scheme := []string{"light", "dark"}[i%2]
		call(t, x, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		x.open(t, target)
		x.run(t, "axe", do(string(axe)+";0"))
		found, err := chromedp.Run(x.ctx, chromedp.Evaluate[[]string](axeRules, chromedp.EvalAwaitPromise))
		if err != nil || len(found) > 0 {
			t.Errorf("%s, %s: %v %q", target, scheme, err, found)
		}
	}
}

// screenshot is a picture of a page.
type screenshot struct {
	name, target string
	width        int64
	before       string // done on the page first
}

var screenshots = []screenshot{
	{"overview", "/?word=night+sky", 1400, ""},
	{"search", "/search?text=night+sky&named=1", 800, ""},
	{"pair", "/pair?pair=220,7&bar=30", 1400, ""},
	{"pair-phone", "/pair?pair=220,7", 400, ""},
	{"neuron", "/neuron?neuron=220", 1400, ""},
	{"head", "/head?head=7", 800, ""},
	{"picture", "/picture?image=137&text=night+sky", 1400, `[...document.querySelectorAll("#groups button")].find((b) => b.textContent === "night sky").click()`},
	{"workbench", "/workbench?unit=word:night+sky&scale=0&image=137&image=170&text=night+sky", 1400, ""},
	{"workbench-phone", "/workbench?unit=word:night+sky&scale=0&image=137&text=night+sky", 400, ""},
	{"compare", "/compare?kind=pair&a=220,7&b=578,7", 800, ""},
	{"rather", "/compare?kind=picture&a=137&b=170&text=night+sky", 800, ""},
}

// TestScreenshots writes the pictures of docs/guide/explorer.md into the folder that FACET_SCREENSHOTS names. FACET_SCREENSHOT_STREAMS is a profile and
// stores, with commas between.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("FACET_SCREENSHOTS")
	if dir == "" {
		t.Skip("FACET_SCREENSHOTS names no folder to write to")
	}
	shots := screenshots
	x := newExplorer(t, func(c *Config) {
		if streams := strings.Split(os.Getenv("FACET_SCREENSHOT_STREAMS"), ","); len(streams) > 1 {
			c.Profiles, c.Stores = streams[:1], streams[1:]
			shots = append(shots, screenshot{"drift", "/drift", 1400, ""}, screenshot{"drift-phone", "/drift", 400, ""})
		}
	})
	for _, s := range shots {
		x.run(t, "the size", chromedp.EmulateViewport(s.width, 900))
		x.open(t, s.target)
		if s.before != "" {
			x.run(t, s.before, do(s.before))
		}
		x.until(t, `[...document.images].every((i) => i.complete || i.getBoundingClientRect().top > 1200)`)
		quality := int64(72)
		shot, err := chromedp.Call(x.ctx, browserpage.CaptureScreenshot, browserpage.CaptureScreenshotParams{Format: "jpeg", Quality: &quality})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "explorer-"+s.name+".jpg"), shot.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
