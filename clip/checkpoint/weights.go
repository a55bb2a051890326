package checkpoint

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/facet-clip/facet/internal/pickle"
)

// Training checkpoints keep weights beside much else, and often twice: as trained, and as an average over the training's steps. The rule:
// of the dicts that hold an image tower the first is taken, in the order of [usual] and then of the file, and averages come last. Where no
// dict holds an image tower, those at the root and under the usual names are looked at.

// usual are the keys under which trainers keep a state dict, the most usual first; "" is the root itself.
var usual = []string{"", "state_dict", "model_state_dict", "model_state", "model", "module", "net", "network", "weights", "params"}

const (
	maxNesting = 4       // dicts within dicts
	maxDicts   = 1 << 12 // looked at; they may be shared
)

// weightSet is a dict that holds tensors by name.
type weightSet struct {
	path    string // keys, joined by dots
	tensors *dict
	depth   int
}

var letters = regexp.MustCompile(`[A-Za-z]+`)

// anyWord tells whether a dotted path has one of the words.
func anyWord(path string, words ...string) bool {
	return slices.ContainsFunc(letters.FindAllString(strings.ToLower(path), -1), func(w string) bool { return slices.Contains(words, w) })
}

// isAverage tells by its name whether a set of weights is an average over steps, or another network that follows the trained one.
func isAverage(path string) bool {
	return anyWord(path, "ema", "swa", "average", "averaged", "avg", "shadow", "teacher", "momentum", "target")
}

// isOptimizer tells by its name whether a dict is the state of an optimizer, whose moments are shaped as weights are.
func isOptimizer(path string) bool {
	return anyWord(path, "optim", "optimizer", "optimizers", "optimiser", "sched", "scheduler", "schedulers", "exp")
}

// findWeights gives the sets of weights of a pickle, the one to take first.
func findWeights(root *dict) []weightSet {
	var towers, plain []weightSet
	dicts := 0
	var look func(d *dict, path string, depth int)
	look = func(d *dict, path string, depth int) {
		if dicts++; depth > maxNesting || dicts > maxDicts || isOptimizer(path) {
			return
		}
		names := tensorNames(d)
		switch set := (weightSet{path, d, depth}); {
		case len(names) > 0 && len(towerPrefixes(names)) > 0:
			towers = append(towers, set)
		case len(names) > 0 && (slices.Contains(usual, path) || isAverage(path)):
			plain = append(plain, set)
		}
		for i, key := range d.Keys {
			name, ok1 := key.(string)
			inner, ok2 := pickle.AsDict(d.Values[i])
			if ok1 && ok2 {
				look(inner, strings.TrimPrefix(path+"."+name, "."), depth+1)
			}
		}
	}
	look(root, "", 0)
	found := towers
	if len(found) == 0 {
		found = plain
	}
	slices.SortStableFunc(found, func(a, b weightSet) int { return cmp.Or(a.rank()-b.rank(), a.depth-b.depth) })
	return found
}

// rank orders sets: the usual keys, then others, then averages.
func (s weightSet) rank() int {
	if isAverage(s.path) {
		return len(usual) + 1
	}
	first, _, _ := strings.Cut(s.path, ".")
	if i := slices.Index(usual, first); i >= 0 {
		return i
	}
	return len(usual)
}

// tensorNames are the keys of a dict under which tensors lie, in the file's order.
func tensorNames(d *dict) []string {
	var names []string
	for i, key := range d.Keys {
		name, ok := key.(string)
		switch v := d.Values[i].(type) {
		case *rawTensor:
		case *inert:
			ok = ok && isForeignTensor(v.Of)
		default:
			ok = false
		}
		if ok {
			names = append(names, name)
		}
	}
	return names
}
