package checkpoint

import "fmt"

// Float32Rows decodes rows of a tensor with the two axes [rows,width], in the order asked for, a row as often as it is asked for: out of
// a large table a few rows cost little. Errors are those of [Checkpoint.Float32], and of a row that is not there.
func (c *Checkpoint) Float32Rows(name string, rows []int64, height, width int) ([]float32, error) {
	if err := c.Check(name, height, width); err != nil {
		return nil, err
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return nil, fmt.Errorf("%s: tensor %s: %w", c.path, name, ErrClosed)
	}
	row := *c.tensors[name]
	row.Shape = []int{1, width}
	start := row.offset
	out := make([]float32, 0, len(rows)*width)
	for _, r := range rows {
		if r < 0 || r >= int64(height) {
			return nil, fmt.Errorf("%s: tensor %s: row %d is asked for: expected 0 to %d", c.path, name, r, height-1)
		}
		row.offset = start + int(r)*row.strides[0]
		out = append(out, row.float32s()...)
	}
	return out, nil
}
