// Package serving ends HTTP servers in good order.
package serving

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// Until serves on a listener until ctx is done, and then lets requests under way end for some time. Those that do not are cut off, and cut is
// told why. The error is the server's own, and nil after a good end.
func Until(ctx context.Context, server *http.Server, listener net.Listener, grace time.Duration, cut func(error)) error {
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		cut(err)
		server.Close()
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
