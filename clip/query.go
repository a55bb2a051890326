package clip

// QueryKey are the weights by which the class token of the attention pool asks, row-major: W_Q, W_K [M·d,C] and b_Q [M·d]. b_K shifts all logits
// of a head alike and is left out (DESIGN §1).
type QueryKey struct {
	Heads, Channels int // M, C
	Query           []float32
	QueryBias       []float32
	Key             []float32
}

// QueryKey reads the query and key maps of the attention pool.
func (m *Model) QueryKey() (QueryKey, error) {
	C := m.Config.Channels
	t := newTower("query and key", m.ck)
	qk := QueryKey{
		Heads: m.Config.Heads, Channels: C,
		Query:     t.tensor("visual.attnpool.q_proj.weight", C, C),
		QueryBias: t.tensor("visual.attnpool.q_proj.bias", C),
		Key:       t.tensor("visual.attnpool.k_proj.weight", C, C),
	}
	return qk, t.err
}
