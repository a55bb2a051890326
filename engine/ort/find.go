// Package ort is the fast engine: ONNX Runtime, loaded from a shared library when the first engine is made.
//
// Nothing of ONNX Runtime is linked in. facet is built and runs without it, and then [New] says where it
// looked and how to get one. The library must be of version 1.24 or later.
package ort

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/facet-clip/facet/internal/regular"
)

// ErrUnavailable is returned when no usable ONNX Runtime library is found, or facet was built without
// cgo. The error around it says where facet looked and how to get one.
var ErrUnavailable = errors.New("ONNX Runtime is not available")

const maxConfiguration = 1 << 20 // bytes of a file of the loader

// Variable is the environment variable that names the library and ends the search.
const Variable = "FACET_ONNXRUNTIME"

// ErrNoCUDA is returned when ONNX Runtime is asked for CUDA and cannot run there. The error around it says why, and what to get.
var ErrNoCUDA = errors.New("ONNX Runtime does not run on CUDA here")

const adviceCUDA = "it takes a build of ONNX Runtime for CUDA, with libonnxruntime_providers_shared and libonnxruntime_providers_cuda beside libonnxruntime, such as those in the Python " +
	"package onnxruntime-gpu; CUDA, cuDNN and a driver that this build names; and " + Variable + ", the path of its libonnxruntime"

const advice = "`make onnxruntime` puts the official library into the cache folder; any libonnxruntime 1.24 or newer named in " +
	Variable + " will do"

// Options are the settings of the engine.
type Options struct {
	Threads int          // for the work inside of one run; 0: as many as Go uses
	Library string       // path of the library; empty: the one that [Find] finds
	CUDA    bool         // run on a GPU of NVIDIA's
	GPU     int          // which one, from 0
	Log     *slog.Logger // is told which library was loaded; nil: nobody is
}

// Find gives the path of the ONNX Runtime library: the file that FACET_ONNXRUNTIME names, else the first found
// beside the program, in the folder onnxruntime of facet's cache (FACET_CACHE, or facet in the user's
// cache folder), and in the folders of the system's loader. The library is not opened.
func Find() (string, error) {
	found, err := candidates("")
	if err != nil {
		return "", err
	}
	return found[0], nil
}

// candidates lists the libraries to try, the best first, at least one. One that was asked for by name has no rivals.
func candidates(library string) ([]string, error) {
	asked := "the option Library"
	if library == "" {
		library, asked = os.Getenv(Variable), Variable
	}
	if library != "" {
		if info, err := os.Stat(library); err != nil {
			return nil, fmt.Errorf("%w: %s: %w; %s", ErrUnavailable, asked, err, advice)
		} else if err := regular.Check(library, info); err != nil { // the loader would wait for a pipe
			return nil, fmt.Errorf("%w: %s: %w; %s", ErrUnavailable, asked, err, advice)
		}
		// Absolute, for a bare name would send the loader to search by itself.
		path, err := filepath.Abs(library)
		return []string{path}, err
	}
	folders := slices.Concat(ownFolders(), systemFolders(runtime.GOOS))
	var found []string
	for _, folder := range folders {
		if path := inFolder(folder); path != "" && !slices.Contains(found, path) {
			found = append(found, path)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%w: no %s in %s; %s", ErrUnavailable, libraryNames(runtime.GOOS)[0], strings.Join(folders, ", "), advice)
	}
	return found, nil
}

// inFolder is the library in a folder, or "".
func inFolder(folder string) string {
	for _, name := range libraryNames(runtime.GOOS) {
		matches, err := regular.Match(folder, name)
		matches = slices.DeleteFunc(matches, func(path string) bool { return !regular.Exists(path) })
		if err == nil && len(matches) > 0 {
			return slices.Max(matches)
		}
	}
	return ""
}

// libraryNames are the names that builds of ONNX Runtime give the library, as patterns.
func libraryNames(system string) []string {
	switch system {
	case "windows":
		return []string{"onnxruntime.dll"}
	case "darwin":
		return []string{"libonnxruntime.dylib", "libonnxruntime.*.dylib"}
	}
	return []string{"libonnxruntime.so.1", "libonnxruntime.so", "libonnxruntime.so.1.*"}
}

// ownFolders are those where facet's users put the library.
func ownFolders() []string {
	var folders []string
	if program, err := os.Executable(); err == nil {
		folders = append(folders, filepath.Dir(program))
	}
	if cache := os.Getenv("FACET_CACHE"); cache != "" {
		return append(folders, filepath.Join(cache, "onnxruntime"))
	}
	if cache, err := os.UserCacheDir(); err == nil {
		folders = append(folders, filepath.Join(cache, "facet", "onnxruntime"))
	}
	return folders
}

// systemFolders are those of the loader. They are searched here, and not by the loader, so that an error can list them and
// Windows' own onnxruntime.dll, which is old, does not come first.
func systemFolders(system string) []string {
	switch system {
	case "windows":
		return filepath.SplitList(os.Getenv("PATH"))
	case "darwin":
		return append(filepath.SplitList(os.Getenv("DYLD_LIBRARY_PATH")), "/opt/homebrew/lib", "/usr/local/lib")
	}
	folders := filepath.SplitList(os.Getenv("LD_LIBRARY_PATH"))
	folders = append(folders, loaderFolders("/etc/ld.so.conf", 3)...)
	folders = append(folders, "/usr/local/lib", "/lib64", "/usr/lib64", "/lib", "/usr/lib")
	return slices.Compact(folders)
}

// loaderFolders reads the folders out of a configuration file of ldconfig and the files that it includes, which may
// include others down to the given depth. What cannot be read has no folders.
func loaderFolders(file string, depth int) []string {
	text, err := regular.ReadFile(file, maxConfiguration)
	if err != nil || depth == 0 {
		return nil
	}
	var folders []string
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if pattern, ok := strings.CutPrefix(line, "include "); ok {
			pattern = strings.TrimSpace(pattern)
			if !filepath.IsAbs(pattern) {
				pattern = filepath.Join(filepath.Dir(file), pattern)
			}
			included, _ := regular.Glob(pattern) // a bad pattern includes nothing
			for _, path := range included {
				folders = append(folders, loaderFolders(path, depth-1)...)
			}
		} else if filepath.IsAbs(line) {
			folders = append(folders, line)
		}
	}
	return folders
}
