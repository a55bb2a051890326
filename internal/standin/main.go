// Command standin speaks the protocol of the Hugging Face hub over a folder, for trying facet without a network: scripts/newcomer.sh.
//
//	standin FOLDER
//
// The folder has OWNER/NAME/FILE. The first line of output is the address, for HF_ENDPOINT. As on the hub, small files come at once. Of large
// ones the hub states SHA-256 and size, and points to a storage on another host.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/internal/serving"
)

// commit is that of every repository.
const commit = "0123456789abcdef0123456789abcdef01234567"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: standin FOLDER")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "standin:", err)
		os.Exit(1)
	}
}

// run serves a folder until ctx is done.
func run(ctx context.Context, folder string, out io.Writer) error {
	storage, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	endpoint, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, storage.Close())
	}
	fmt.Fprintf(out, "http://%s\n", endpoint.Addr())
	h := &hub{folder: folder, storage: "http://" + storage.Addr().String(), sums: map[string]string{}}
	cut := func(err error) { log.Print("requests are cut off: ", err) }
	failed := make(chan error, 2)
	for listener, handler := range map[net.Listener]http.HandlerFunc{storage: h.serveStorage, endpoint: h.serveHub} {
		go func() {
			failed <- serving.Until(ctx, &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}, listener, time.Second, cut)
		}()
	}
	return errors.Join(<-failed, <-failed)
}

// hub is a folder with what is known of its files.
type hub struct {
	folder  string
	storage string // URL

	mu   sync.Mutex
	sums map[string]string // SHA-256 by path
}

// serveHub answers /OWNER/NAME/resolve/REVISION/FILE, and what there is at /api/models/OWNER/NAME/….
func (h *hub) serveHub(w http.ResponseWriter, r *http.Request) {
	if about, ok := strings.CutPrefix(path.Clean(r.URL.Path), "/api/models/"); ok {
		h.list(w, about)
		return
	}
	repository, rest, _ := strings.Cut(strings.TrimPrefix(path.Clean(r.URL.Path), "/"), "/resolve/")
	_, file, _ := strings.Cut(rest, "/")
	if info, err := os.Stat(filepath.Join(h.folder, filepath.FromSlash(repository))); err != nil || !info.IsDir() || file == "" {
		w.Header().Set("X-Error-Code", "RepoNotFound")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	at := repository + "/" + file
	sum, size, err := h.sum(at)
	if err != nil {
		w.Header().Set("X-Error-Code", "EntryNotFound")
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("X-Repo-Commit", commit)
	if strings.HasSuffix(file, ".json") || strings.HasSuffix(file, ".txt") {
		w.Header().Set("ETag", `"`+sum[:40]+`"`) // git's own sum has 40 digits
		h.send(w, r, at)
		return
	}
	w.Header().Set("X-Linked-Etag", `"`+sum+`"`)
	w.Header().Set("X-Linked-Size", fmt.Sprint(size))
	http.Redirect(w, r, h.storage+"/"+at, http.StatusFound)
}

// list answers what the hub knows of OWNER/NAME/revision/REVISION, and which files OWNER/NAME/tree/REVISION has.
func (h *hub) list(w http.ResponseWriter, about string) {
	repository, tree, _ := strings.Cut(about, "/tree/")
	repository, _, _ = strings.Cut(repository, "/revision/")
	entries, err := fs.ReadDir(os.DirFS(h.folder), repository)
	if err != nil {
		http.Error(w, "no such repository", http.StatusNotFound)
		return
	}
	type file struct {
		Type string `json:"type"`
		Path string `json:"path"`
		Name string `json:"rfilename"`
		Size int64  `json:"size"`
		OID  string `json:"oid"`
	}
	var files []file
	for _, e := range entries {
		sum, size, err := h.sum(repository + "/" + e.Name())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		files = append(files, file{"file", e.Name(), e.Name(), size, sum[:40]})
	}
	var known any = files
	if tree == "" {
		known = map[string]any{"id": repository, "sha": commit, "siblings": files}
	}
	json.NewEncoder(w).Encode(known) // a client that has gone needs no answer
}

func (h *hub) serveStorage(w http.ResponseWriter, r *http.Request) {
	h.send(w, r, strings.TrimPrefix(path.Clean(r.URL.Path), "/"))
}

// open is a file below the folder.
func (h *hub) open(at string) (*os.File, error) {
	if !filepath.IsLocal(filepath.FromSlash(at)) {
		return nil, os.ErrNotExist
	}
	return regular.Open(filepath.Join(h.folder, filepath.FromSlash(at)))
}

// send answers with a file, or the range of it that is asked for.
func (h *hub) send(w http.ResponseWriter, r *http.Request, at string) {
	f, err := h.open(at)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer f.Close()
	http.ServeContent(w, r, "", time.Time{}, f)
}

// sum is the SHA-256 of a file and its size. It is computed once.
func (h *hub) sum(at string) (sum string, size int64, err error) {
	f, err := h.open(at)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", 0, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sums[at] == "" {
		s := sha256.New()
		if _, err := io.Copy(s, f); err != nil {
			return "", 0, err
		}
		h.sums[at] = fmt.Sprintf("%x", s.Sum(nil))
	}
	return h.sums[at], info.Size(), nil
}
