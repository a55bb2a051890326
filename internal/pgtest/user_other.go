//go:build !unix

package pgtest

import (
	"syscall"
	"testing"
)

// unprivileged changes nothing where there is no root: PostgreSQL's own programs drop the rights of an administrator.
func unprivileged(testing.TB, string) *syscall.SysProcAttr { return nil }
