package clip

import "github.com/facet-clip/facet/decompose"

// Positions are the position embedding p [h·w+1,C], class token first, for a grid of h×w tokens: interpolated unless the grid is the
// native one. Taken off the tokens, they leave the trunk's output: z_i = x_i − p_i.
func (m *Model) Positions(h, w int) ([]float32, error) {
	t := newTower("positions", m.ck)
	g, C := m.Config.Grid(), m.Config.Channels
	p := t.tensor("visual.attnpool.positional_embedding", g*g+1, C)
	if t.err != nil {
		return nil, t.err
	}
	return interpolatePositions(p, g, h, w, C), nil
}

// PoolWeights reads the value and output maps of the attention pool, in float32.
func (m *Model) PoolWeights() (decompose.Weights, error) {
	const pool = "visual.attnpool."
	C, D := m.Config.Channels, m.Config.Embed
	t := newTower("pool", m.ck)
	w := decompose.Weights{
		Heads: m.Config.Heads, Channels: C, Embed: D,
		Value:      t.tensor(pool+"v_proj.weight", C, C),
		ValueBias:  t.tensor(pool+"v_proj.bias", C),
		Output:     t.tensor(pool+"c_proj.weight", D, C),
		OutputBias: t.tensor(pool+"c_proj.bias", D),
	}
	return w, t.err
}

// PoolTensors are the weights of an attention pool as tensors of a checkpoint, by canonical name: what [Model.PoolWeights] reads.
func PoolTensors(w decompose.Weights) map[string][]float32 {
	const pool = "visual.attnpool."
	return map[string][]float32{
		pool + "v_proj.weight": w.Value, pool + "v_proj.bias": w.ValueBias,
		pool + "c_proj.weight": w.Output, pool + "c_proj.bias": w.OutputBias,
	}
}

// PoolQuery reads the query and key maps of the attention pool, in float32.
func (m *Model) PoolQuery() (decompose.Query, error) {
	const pool = "visual.attnpool."
	C := m.Config.Channels
	t := newTower("query and key", m.ck)
	q := decompose.Query{
		Heads: m.Config.Heads, Channels: C,
		Query:     t.tensor(pool+"q_proj.weight", C, C),
		QueryBias: t.tensor(pool+"q_proj.bias", C),
		Key:       t.tensor(pool+"k_proj.weight", C, C),
	}
	return q, t.err
}

// Decomposition is the map from pair scalars to the embedding, read off the attention pool's weights.
func (m *Model) Decomposition() (*decompose.OV, error) {
	w, err := m.PoolWeights()
	if err != nil {
		return nil, err
	}
	return decompose.New(w)
}
