package portable

import (
	"runtime"
	"sync"
)

// grain is the least work, in elements, that is worth a goroutine.
const grain = 1 << 14

// parallel splits 0…n−1 into one range for each core, with each index worth cost elements of work.
func parallel(n, cost int, f func(from, to int)) {
	workers := min(runtime.GOMAXPROCS(0), n, 1+n*cost/grain)
	if workers <= 1 {
		f(0, n)
		return
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() { f(w*n/workers, (w+1)*n/workers) })
	}
	wg.Wait()
}
