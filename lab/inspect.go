package lab

import (
	"context"

	"github.com/facet-clip/facet/answer"
)

// Inspect says what the checkpoint of a config holds.
func Inspect(ctx context.Context, config Config) (*answer.Inspection, error) {
	config = config.filled()
	name, ck, c, err := config.inferred(ctx)
	if err != nil {
		return nil, err
	}
	defer ck.Close()
	i := &answer.Inspection{
		Path: ck.Path(), Format: string(ck.Format()), Naming: string(ck.Naming()), Architecture: c.Architecture(),
		Config: c, DTypes: map[string]int{},
	}
	i.Weights, i.OtherWeights = ck.Weights()
	if c.HasText() {
		act, assumed, err := config.activation(name, ck)
		if err != nil {
			return nil, err
		}
		i.Activation, i.ActivationAssumed = string(act), assumed
	}
	i.ImageParameters, i.TextParameters = c.Parameters()
	if i.SHA256, err = ck.SHA256(ctx); err != nil {
		return nil, err
	}
	for _, name := range ck.Names() {
		if t, ok := ck.Tensor(name); ok {
			i.DTypes[string(t.DType)]++
		}
	}
	return i, nil
}
