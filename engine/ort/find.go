// Package ort runs graphs on ONNX Runtime, the fast engine. The shared library is looked for when the first engine is made, and facet builds and
// runs without it; without cgo there is no such engine at all.
package ort

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// ErrUnavailable is returned when no ONNX Runtime of version 1.24 or later is at hand, or facet was built without cgo. The error
// around it says where facet looked and what to do.
var ErrUnavailable = errors.New("ONNX Runtime is not available")

// Options are the settings of the engine.
type Options struct {
	Threads int // cores to use, 0 for all
}

// variable names the library outright.
const variable = "FACET_ONNXRUNTIME"

// Find looks for the library: the file that FACET_ONNXRUNTIME names, beside the program, in the cache folder (where make
// onnxruntime puts it), in the system's library folders. A file that FACET_ONNXRUNTIME names and that is not there is an error.
func Find() (string, error) {
	if path := os.Getenv(variable); path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("%w: %s names %s: %w", ErrUnavailable, variable, path, err)
		}
		return path, nil
	}
	folders := folders()
	for _, folder := range folders {
		for _, name := range names() {
			matches, err := filepath.Glob(filepath.Join(folder, name))
			if err == nil && len(matches) > 0 {
				return matches[0], nil
			}
		}
	}
	return "", fmt.Errorf("%w: no %s in %s; make onnxruntime installs it, or set %s to the library",
		ErrUnavailable, names()[0], strings.Join(folders, ", "), variable)
}

func folders() []string {
	var list []string
	if program, err := os.Executable(); err == nil {
		list = append(list, filepath.Dir(program))
	}
	if cache := os.Getenv("FACET_CACHE"); cache != "" {
		list = append(list, filepath.Join(cache, "onnxruntime"))
	} else if cache, err := os.UserCacheDir(); err == nil {
		list = append(list, filepath.Join(cache, "facet", "onnxruntime"))
	}
	switch runtime.GOOS {
	case "linux":
		list = append(list, "/usr/local/lib", "/usr/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64")
	case "darwin":
		list = append(list, "/opt/homebrew/lib", "/usr/local/lib")
	}
	return list
}

// names are what the library is called here, as patterns.
func names() []string {
	switch runtime.GOOS {
	case "windows":
		return []string{"onnxruntime.dll"}
	case "darwin":
		return []string{"libonnxruntime.dylib", "libonnxruntime.*.dylib"}
	}
	return []string{"libonnxruntime.so", "libonnxruntime.so.*"}
}
