package scenes

// pane is a window with a cross.
func (p *plan) pane(x0, y0, x1, y1 float64) {
	p.rect(glass, x0, y0, x1, y1)
	p.line(cream, 1.4, (x0+x1)/2, y0, (x0+x1)/2, y1)
	p.line(cream, 1.4, x0, (y0+y1)/2, x1, (y0+y1)/2)
}

// A house: walls, a gable roof of slate, door, windows, chimney.
func drawHouse(p *plan) {
	ridge, wide := p.vary(8, 18), p.vary(34, 42)
	p.rect(stone, 66, 6, 76, 34)
	p.rect(dark, 64.5, 4, 77.5, 8)
	p.rect(body, 50-wide, 44, 50+wide, 94)
	p.poly(body, 50-wide, 45, 50, ridge+2, 50+wide, 45)
	p.soft(slate, 1, 50-wide-9, 50, 50-wide-5, 42, 50, ridge-6, 50+wide+5, 42, 50+wide+9, 50, 50+wide+3, 50, 50, ridge+5, 50-wide-3, 50)
	p.circle(glass, 50, 36, 5)
	door := 45.0
	if p.chance(0.5) {
		door = 50 - wide + 8
		p.pane(43, 56, 57, 72)
	} else {
		p.pane(50-wide+6, 56, 50-wide+19, 72)
	}
	p.pane(50+wide-20, 56, 50+wide-6, 72)
	p.round(timber, door, 66, door+13, 94, 2)
	p.bare(func() { p.circle(lamplight, door+10.4, 81, 1.4) })
	p.line(shade, 1.2, 50-wide+1, 92, 50+wide-1, 92)
}

// A lighthouse: a tapering tower, gallery, lantern and cap.
func drawLighthouse(p *plan) {
	foot := p.vary(16, 20)
	p.blob(stone, 20, 100, 28, 92, 50, 90, 72, 92, 80, 100, 50, 102)
	p.poly(body, 50-foot, 96, 40, 30, 60, 30, 50+foot, 96)
	p.bare(func() {
		p.poly(shade, 57, 30, 60, 30, 50+foot, 96, 50+foot*0.66, 96)
		p.poly(cream, 50-foot*0.74, 62, 50-foot*0.69, 53, 50+foot*0.69, 53, 50+foot*0.74, 62)
	})
	p.round(timber, 45, 82, 55, 96, 4)
	for _, y := range []float64{38, 68} {
		p.round(dark, 47, y, 53, y+8, 2)
	}
	p.rect(lamplight, 42, 14, 58, 27)
	p.line(dark, 1.4, 47, 14, 47, 27)
	p.line(dark, 1.4, 53, 14, 53, 27)
	p.rect(slate, 34, 26, 66, 31)
	p.line(dark, 1.2, 35, 21, 65, 21)
	p.line(dark, 1.2, 35, 21, 35, 27)
	p.line(dark, 1.2, 65, 21, 65, 27)
	p.poly(slate, 38, 14.5, 50, 3, 62, 14.5)
	p.line(dark, 1.8, 50, 4, 50, -3)
}

// A castle: curtain wall with a gate between two towers, a keep behind.
func drawCastle(p *plan) {
	keep, tower := p.vary(12, 22), p.vary(26, 36)
	p.rampart(34, 66, keep, 70)
	p.round(dark, 46, keep+8, 54, keep+20, 3)
	p.rampart(22, 78, 54, 95)
	p.rampart(2, 26, tower, 96)
	p.rampart(74, 98, tower, 96)
	for _, x := range []float64{11, 83} {
		p.round(dark, x, tower+12, x+6, tower+26, 2)
		p.round(dark, x, tower+40, x+6, tower+50, 2)
	}
	p.soft(dark, 11, 39, 95.5, 39, 80, 39, 68, 61, 68, 61, 80, 61, 95.5)
	p.bare(func() {
		for _, x := range []float64{44, 50, 56} {
			p.line(timber, 1.4, x, 70, x, 95)
		}
		p.line(timber, 1.4, 40, 80, 60, 80)
		p.rect(stone, 36, 95, 64, 98)
	})
	for _, x := range []float64{14, 86} {
		p.line(dark, 1.6, x, tower-4, x, tower-22)
		p.poly(taillight, x, tower-22, x+13, tower-18, x, tower-13)
	}
	p.bare(func() {
		for range 9 {
			x, y := p.vary(28, 70), p.vary(60, 66)
			p.line(shade, 1.6, x, y, x+5, y)
		}
	})
}

// rampart is a wall from y0 down to y1 with battlements on top.
func (p *plan) rampart(x0, x1, y0, y1 float64) {
	first := len(p.pts)
	teeth := 3
	if x1-x0 > 40 {
		teeth = 5
	}
	wide := (x1 - x0) / float64(2*teeth-1)
	p.pts = append(p.pts, at(x0, y1))
	for k := range teeth {
		x := x0 + 2*wide*float64(k)
		p.pts = append(p.pts, at(x, y0), at(x, y0-6), at(x+wide, y0-6), at(x+wide, y0))
	}
	p.pts = append(p.pts, at(x1, y1))
	p.solid(body, first)
}

// A windmill: a tapering tower with a cap and four lattice sails.
func drawWindmill(p *plan) {
	p.poly(body, 25, 106, 38, 38, 62, 38, 75, 106)
	p.bare(func() { p.poly(shade, 58.5, 38, 62, 38, 75, 106, 66, 106) })
	p.round(timber, 44, 90, 56, 106, 5)
	p.round(dark, 46.5, 64, 53.5, 74, 2)
	first := len(p.pts)
	p.arc(50, 39, 15, 16, 0, 180, 360)
	p.solid(slate, first)
	turn := p.vary(10, 80)
	for k := range 4 {
		p.sail(50, 36, 46, turn+90*float64(k))
	}
	p.circle(dark, 50, 36, 4)
}

// sail is a windmill's sail: a spar with a cloth on one side.
func (p *plan) sail(x, y, long, angle float64) {
	at := func(along, across float64) (float64, float64) {
		px, py := polar(x, y, along*long, angle)
		qx, qy := polar(0, 0, across*long, angle+90)
		return px + qx, py + qy
	}
	ax, ay := at(0.25, 0.04)
	bx, by := at(1, 0.04)
	cx, cy := at(1, 0.28)
	dx, dy := at(0.25, 0.28)
	p.poly(cream, ax, ay, bx, by, cx, cy, dx, dy)
	for k := range 4 {
		t := 0.4 + 0.15*float64(k)
		ex, ey := at(t, 0.04)
		fx, fy := at(t, 0.28)
		p.line(timber, 1, ex, ey, fx, fy)
	}
	tx, ty := at(1.02, 0)
	p.line(dark, 2.6, x, y, tx, ty)
}
