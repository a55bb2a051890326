//go:build cgo && unix

package ort

/*
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// Places in OrtApi, the table of functions of ONNX Runtime. A place never changes: versions only add to its end.
enum {
	errorMessage = 2,
	createTensor = 49,
	createMemoryInfo = 69,
	releaseStatus = 93,
	releaseMemoryInfo = 94,
	releaseValue = 96,
	addExternalInitializers = 210,
};

typedef void *status; // NULL, or what went wrong
typedef struct {
	void **(*table)(uint32_t version);
} apiBase;

static void **api(const char *library) {
	void *handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);
	apiBase *(*base)(void) = handle ? dlsym(handle, "OrtGetApiBase") : NULL;
	if (handle)
		dlclose(handle); // which the binding holds open
	return base ? base()->table(24) : NULL;
}

// message frees a status and gives its text, to be freed, or NULL.
static char *message(void **api, status s) {
	if (!s)
		return NULL;
	char *text = strdup(((const char *(*)(status))api[errorMessage])(s));
	((void (*)(status))api[releaseStatus])(s);
	return text;
}

static char *memoryInfo(void **api, void **info) {
	return message(api, ((status(*)(int, int, void **))api[createMemoryInfo])(1, 0, info)); // an arena; the default memory
}

static char *tensor(void **api, void *info, void *data, size_t bytes, int64_t *shape, size_t rank, void **value) {
	return message(api, ((status(*)(void *, void *, size_t, int64_t *, size_t, int, void **))api[createTensor])(info, data, bytes, shape, rank, 1, value)); // float
}

static char *handIn(void **api, void *options, char **names, void **values, size_t n) {
	return message(api, ((status(*)(void *, char **, void **, size_t))api[addExternalInitializers])(options, names, values, n));
}

static void freeInfo(void **api, void *info) { ((void (*)(void *))api[releaseMemoryInfo])(info); }
static void freeValue(void **api, void *value) { ((void (*)(void *))api[releaseValue])(value); }
*/
import "C"

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"unsafe"

	onnx "github.com/yalue/onnxruntime_go"

	"github.com/facet-clip/facet/engine/graph"
)

// weightLoan are weights in Go's memory that ONNX Runtime reads while it makes a session; it keeps copies of its own.
type weightLoan struct {
	api     *unsafe.Pointer
	options unsafe.Pointer
	pinned  runtime.Pinner
	names   []*C.char
	values  []unsafe.Pointer
}

// newWeightLoan is nil where weights cannot be lent. The binding has no call for it, so it is made through the table of functions of the library
// that the binding has loaded, for the C object behind the binding's options.
func newWeightLoan(options *onnx.SessionOptions) *weightLoan {
	handle := reflect.ValueOf(options).Elem().FieldByName("o")
	if !handle.IsValid() || handle.Kind() != reflect.Pointer {
		return nil
	}
	library := C.CString(loaded.path)
	defer C.free(unsafe.Pointer(library))
	api := C.api(library)
	if api == nil {
		return nil
	}
	return &weightLoan{api: api, options: handle.UnsafePointer()}
}

// lend has the session take weights from where they are.
func (l *weightLoan) lend(weights []graph.Weight) error {
	if len(weights) == 0 {
		return nil
	}
	var info unsafe.Pointer
	if err := problem(C.memoryInfo(l.api, &info)); err != nil {
		return err
	}
	defer C.freeInfo(l.api, info)
	for _, w := range weights {
		data := unsafe.SliceData(w.Data)
		l.pinned.Pin(data)
		var value unsafe.Pointer
		err := problem(C.tensor(l.api, info, unsafe.Pointer(data), C.size_t(4*len(w.Data)), (*C.int64_t)(&w.Shape[0]), C.size_t(len(w.Shape)), &value))
		if err != nil {
			return fmt.Errorf("weight %s: %w", w.Name, err)
		}
		l.names, l.values = append(l.names, C.CString(w.Name)), append(l.values, value)
	}
	return problem(C.handIn(l.api, l.options, &l.names[0], &l.values[0], C.size_t(len(weights))))
}

// problem is the error with a text of C, which it frees, or nil.
func problem(text *C.char) error {
	if text == nil {
		return nil
	}
	defer C.free(unsafe.Pointer(text))
	return errors.New(C.GoString(text))
}

// end takes the weights back.
func (l *weightLoan) end() {
	if l == nil {
		return
	}
	for i, v := range l.values {
		C.freeValue(l.api, v)
		C.free(unsafe.Pointer(l.names[i]))
	}
	l.pinned.Unpin()
}
