package clip

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
