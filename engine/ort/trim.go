//go:build cgo

package ort

/*
#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
static void trim(void) { malloc_trim(0); }
#else
static void trim(void) {}
#endif
*/
import "C"

// trim gives the memory that C has freed back to the system. Without it, glibc keeps what making a session took.
func trim() { C.trim() }
