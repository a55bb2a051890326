//go:build cgo

// Command encode times facet's image tower with its pair scalars against its peers, all in one process and turn by turn, so
// that a noisy machine is noisy for all of them alike. It prints medians and ratios.
//
//	go run ./bench/encode [-rounds 15] [-python python3]
//
// Peers: the plain tower (keys and values projected, no scalars) exported by PyTorch and run by the same ONNX Runtime with the same settings; PyTorch itself on the
// CPU; and the published per-pair forward of the research code. All see the same random weights and the same pictures, and their
// embeddings are compared before anything is timed. Needs ONNX Runtime and a Python with torch.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	onnx "github.com/yalue/onnxruntime_go"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/engine/portable"
	"github.com/facet-clip/facet/internal/randomclip"
)

func main() {
	log.SetFlags(0)
	rounds := flag.Int("rounds", 15, "timed turns of each")
	python := flag.String("python", "python3", "a Python with torch")
	pairs := flag.Bool("pairs", true, "time the published per-pair forward too")
	flag.Parse()
	if err := run(context.Background(), *rounds, *python, *pairs); err != nil {
		log.Fatal("encode: ", err)
	}
}

// rn50 is OpenAI's RN50 without its text tower.
var rn50 = clip.Config{Image: 224, Width: 64, Blocks: [4]int{3, 4, 6, 3}, Channels: 2048, Heads: 32, Embed: 1024}

// contender is one way to encode a batch; it gives the sum of |embedding| as a check, and the seconds it took.
type contender struct {
	name   string
	encode encoder
	rounds int // at most, 0: all
}

type encoder func(batch int) (sum, seconds float64, err error)

const (
	slow   = 3                      // rounds of what takes seconds
	settle = 200 * time.Millisecond // before each turn: the threads of whoever was before spin for a while
)

func run(ctx context.Context, rounds int, python string, pairs bool) error {
	dir, err := os.MkdirTemp("", "facet-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "rn50.safetensors")
	data, err := randomclip.Checkpoint(rn50, 1)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return err
	}
	fast, err := ort.New(ort.Options{})
	if err != nil {
		return err
	}
	peer, err := startPeer(ctx, python, file)
	if err != nil {
		return err
	}
	defer peer.stop()
	plain, err := exportPlain(ctx, python, file, filepath.Join(dir, "plain.onnx"))
	if err != nil {
		return err
	}
	contenders := []contender{
		{"plain tower, same ONNX Runtime", plain, 0},
		{"facet: encode + decompose", facet(ctx, file, fast), 0},
		{"PyTorch CPU", peer.time("plain"), 0},
		{"facet, portable engine", facet(ctx, file, portable.New()), slow},
	}
	if pairs {
		contenders = append(contenders, contender{"published per-pair forward", peer.time("pairs"), slow},
			contender{"the same, stored: 268 MB an image", peer.time("store"), slow})
	}
	for _, batch := range []int{1, 8} {
		if err := compare(contenders, batch, rounds); err != nil {
			return err
		}
	}
	return nil
}

// compare checks that all agree, then times them turn by turn.
func compare(contenders []contender, batch, rounds int) error {
	times := make([][]float64, len(contenders))
	var reference float64
	for round := range rounds + 1 { // the first round warms up and is not counted
		for k := range contenders {
			i := (k + round) % len(contenders) // who comes after whom changes
			c := contenders[i]
			if round == 0 {
				i, c = k, contenders[k]
			}
			if c.rounds > 0 && round > c.rounds {
				continue
			}
			time.Sleep(settle)
			sum, seconds, err := c.encode(batch)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if round == 0 && i == 0 {
				reference = sum
			}
			if math.Abs(sum-reference) > 1e-3*reference {
				return fmt.Errorf("%s: Σ|embedding| is %g, %s has %g", c.name, sum, contenders[0].name, reference)
			}
			if round > 0 {
				times[i] = append(times[i], seconds)
			}
		}
	}
	fmt.Printf("\nRN50, 224 px, batch %d, %d cores: medians of %d turns (slow ones: %d)\n", batch, runtime.GOMAXPROCS(0), rounds, slow)
	base := median(times[1])
	for i, c := range contenders {
		m := median(times[i])
		fmt.Printf("  %-32s %8.1f ms an image   facet takes %.3f × its time\n", c.name, 1000*m/float64(batch), base/m)
	}
	return nil
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

// facet encodes with the given engine and asks for scalars and attention too.
func facet(ctx context.Context, file string, e engine.Engine) encoder {
	var m *clip.Model
	return func(batch int) (sum, seconds float64, err error) {
		x := graph.Floats(pictures(batch), batch, 3, rn50.Image, rn50.Image)
		start := time.Now()
		if m == nil {
			ck, err := checkpoint.Open(file)
			if err != nil {
				return 0, 0, err
			}
			if m, err = clip.New(ck, e, clip.QuickGELU); err != nil {
				return 0, 0, err
			}
			defer func() { fmt.Printf("%s: load and first batch %.2f s\n", e.Name(), seconds) }()
		}
		out, err := m.EncodeImages(ctx, x, clip.Embedding, clip.Attention, clip.Scalars)
		seconds = time.Since(start).Seconds()
		return sumAbs(out[clip.Embedding].Floats), seconds, err
	}
}

// exportPlain has PyTorch export the plain tower and runs it with the settings of facet's own sessions.
func exportPlain(ctx context.Context, python, file, target string) (encoder, error) {
	cmd := exec.CommandContext(ctx, python, "bench/peer.py", file, "export", target)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("exporting the plain tower: %w", err)
	}
	options, err := onnx.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	defer options.Destroy()
	// as engine/ort sets them
	err = errors.Join(options.SetIntraOpNumThreads(runtime.GOMAXPROCS(0)), options.SetInterOpNumThreads(1),
		options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"))
	if err != nil {
		return nil, err
	}
	session, err := onnx.NewDynamicAdvancedSession(target, []string{"pixels"}, []string{"embedding"}, options)
	if err != nil {
		return nil, err
	}
	return func(batch int) (sum, seconds float64, err error) {
		x := pictures(batch)
		start := time.Now()
		in, err := onnx.NewTensor(onnx.NewShape(int64(batch), 3, int64(rn50.Image), int64(rn50.Image)), x)
		if err != nil {
			return 0, 0, err
		}
		defer in.Destroy()
		out := []onnx.Value{nil}
		if err := session.Run([]onnx.Value{in}, out); err != nil {
			return 0, 0, err
		}
		defer out[0].Destroy()
		seconds = time.Since(start).Seconds()
		return sumAbs(out[0].(*onnx.Tensor[float32]).GetData()), seconds, nil
	}, nil
}

// peer is a Python process that times PyTorch on request.
type peer struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startPeer(ctx context.Context, python, file string) (*peer, error) {
	p := &peer{cmd: exec.CommandContext(ctx, python, "bench/peer.py", file, "serve", fmt.Sprint(runtime.GOMAXPROCS(0)))}
	p.cmd.Stderr = os.Stderr
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	_, err = p.out.ReadString('\n')
	return p, err
}

func (p *peer) stop() {
	p.in.Close()
	p.cmd.Wait()
}

// time gives the seconds that the process measured itself, without the way there and back.
func (p *peer) time(what string) encoder {
	return func(batch int) (sum, seconds float64, err error) {
		fmt.Fprintln(p.in, what, batch)
		line, err := p.out.ReadString('\n')
		if err != nil {
			return 0, 0, err
		}
		_, err = fmt.Sscan(line, &seconds, &sum)
		return sum, seconds, err
	}
}

// pictures is the fixed wave that bench/peer.py makes too, [batch,3,S,S].
func pictures(batch int) []float32 {
	x := make([]float32, batch*3*rn50.Image*rn50.Image)
	for i := range x {
		n := float64(i)
		x[i] = float32(math.Sin(n*0.37 + math.Sin(n*0.011)*3))
	}
	return x
}

func sumAbs(x []float32) float64 {
	sum := 0.0
	for _, v := range x {
		sum += math.Abs(float64(v))
	}
	return sum
}
