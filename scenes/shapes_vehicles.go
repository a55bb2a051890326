package scenes

// wheel draws a tyre with a hub in one of three styles.
func (p *plan) wheel(x, y, r float64, style int) {
	p.circle(dark, x, y, r*1.14)
	p.bare(func() {
		p.circle(tyre, x, y, r)
		p.circle(metal, x, y, r*0.56)
		switch style {
		case 0:
			p.circle(dark, x, y, r*0.2)
		case 1:
			for k := range 5 {
				x1, y1 := polar(x, y, r*0.55, float64(k)*72+20)
				p.line(dark, r*0.14, x, y, x1, y1)
			}
		default:
			p.circle(tyre, x, y, r*0.36)
			p.circle(metal, x, y, r*0.2)
		}
	})
}

// A sedan: three boxes, a closed cabin with two side windows.
func drawSedan(p *plan) {
	roof, style := p.vary(22, 27), p.below(3)
	boot := p.vary(44, 47)
	p.soft(body, 6, 1, 66, 0, 54, 5, 47, 25, 44, 37, roof, 64, roof-1, 79, 43.5, 96, boot, 100, 54, 99, 66)
	p.bare(func() {
		p.poly(glass, 29.5, 44, 39, roof+3.5, 50, roof+3, 50, 44)
		p.poly(glass, 53, 44, 53, roof+3, 62.5, roof+3, 73.5, 44)
		p.poly(cream, 33, 44, 42, roof+4, 45, roof+4, 36, 44)
		p.rect(shade, 1, 60, 99, 64)
		p.line(ink, 1.2, 51.5, roof+3, 51.5, 62)
		p.line(ink, 1.2, 29, 45, 30, 62)
		p.line(ink, 1.2, 74, 45, 70, 62)
		p.rect(metal, 44, 49, 49, 51)
		p.rect(metal, 64, 49, 69, 51)
		p.ellipse(lamplight, 4, 52, 3, 2.6)
		p.round(taillight, 95.5, 48, 99.5, 54, 1)
	})
	p.round(metal, -1.5, 61, 9, 65.5, 2)
	p.round(metal, 91, 61, 101.5, 65.5, 2)
	r := p.vary(8.7, 9.8)
	p.wheel(20, 66, r, style)
	p.wheel(79, 66, r, style)
}

// A convertible: long and low, no roof, a raked windscreen, seats on show.
func drawConvertible(p *plan) {
	style, top := p.below(3), p.vary(20, 23)
	seat := timber
	if p.chance(0.5) {
		seat = skin
	}
	for _, x := range []float64{50, 64} {
		p.soft(seat, 3, x, 50, x+1, 30, x+8, 30, x+10, 50)
		p.round(seat, x+2, 24.5, x+8, 31.5, 2)
	}
	p.line(dark, 1.6, 45, 42, 41, 35)
	p.line(dark, 1.6, 43.5, 38, 47, 35.5)
	p.soft(body, 5, 0, 67, 0, 51, 5, 44, 32, 39, 39, 41, 43, 44.5, 71, 44.5, 76, 40.5, 95, 40, 101, 48, 100, 67)
	p.bare(func() {
		p.poly(glass, 34.5, 39.5, 44, top, 46, top, 39.5, 41)
		p.line(dark, 2.2, 33.5, 40, 44.5, top-0.5)
		p.rect(shade, 1, 61, 99, 65)
		p.line(ink, 1.2, 42, 46, 42, 63)
		p.line(ink, 1.2, 70, 46, 67, 63)
		p.rect(metal, 60, 49, 65, 51)
		p.ellipse(lamplight, 5, 49.5, 3.4, 2.6)
		p.round(taillight, 96.5, 44, 100.5, 51, 1)
	})
	p.soft(shade, 3, 75, 41, 77, 33.5, 88, 34, 93, 40.5) // the folded top
	p.line(ink, 1.2, 79, 37.5, 88, 38)
	p.round(metal, -1.5, 62, 9, 66.5, 2)
	p.round(metal, 92, 62, 102.5, 66.5, 2)
	r := p.vary(8.4, 9.3)
	p.wheel(20, 67, r, style)
	p.wheel(80, 67, r, style)
}

// A van: one tall box with a short nose.
func drawVan(p *plan) {
	style, nose := p.below(3), p.vary(15, 19)
	windows := p.chance(0.55)
	p.soft(body, 5, 2, 70, 1, 50, 6, 43, nose, 18, 26, 10, 95, 9, 99, 14, 99, 70)
	p.bare(func() {
		p.poly(glass, 9.5, 43, nose+2, 20, 22, 17, 22, 43)
		p.soft(glass, 2, 25, 43, 25, 17, 42, 17, 42, 43)
		if windows {
			p.round(glass, 48, 17, 69, 39, 2)
			p.round(glass, 73, 17, 94, 39, 2)
		} else {
			p.rect(tint, 48, 17, 94, 40)
		}
		p.rect(shade, 2, 62, 99, 67)
		p.line(ink, 1.2, 23.5, 18, 23.5, 66)
		p.line(ink, 1.2, 45, 12, 45, 66)
		p.line(ink, 1.2, 71, 12, 71, 66)
		p.rect(ink, 46, 46, 94, 47.2)
		p.rect(metal, 38, 48, 43, 50.5)
		p.rect(metal, 47.5, 49, 52.5, 51.5)
		p.round(lamplight, 2, 50, 8, 56, 2)
		p.rect(taillight, 96, 42, 99, 56)
	})
	p.round(metal, -1, 65, 10, 70, 2)
	p.round(metal, 91, 65, 101, 70, 2)
	r := p.vary(9, 10.2)
	p.wheel(21, 70, r, style)
	p.wheel(79, 70, r, style)
}

// A pickup: bonnet, short cab, and a separate open bed, high on its wheels.
func drawPickup(p *plan) {
	style, roof := p.below(3), p.vary(15, 19)
	if p.chance(0.4) {
		drawCargo(p)
	}
	p.soft(body, 4, 1, 64, 1, 48, 5, 43, 22, 40, 31, roof, 52, roof, 55.5, 40, 55.5, 64)
	p.soft(body, 2, 58.5, 63, 58.5, 39, 100, 39, 101, 50, 100, 63)
	p.bare(func() {
		p.poly(glass, 26, 40, 33, roof+3.5, 50, roof+3.5, 52.5, 40)
		p.line(ink, 1.6, 38, roof+3, 38, 40)
		p.line(ink, 1.2, 27, 42, 28, 60)
		p.line(ink, 1.2, 53.5, 42, 53.5, 61)
		p.rect(metal, 46, 45, 51.5, 47.5)
		p.rect(shade, 2, 56, 55, 61)
		p.rect(shade, 59, 56, 100, 61)
		p.rect(tint, 58.5, 39, 100, 43)
		p.round(lamplight, 2, 46, 7.5, 52, 1.5)
		p.rect(taillight, 97.5, 44, 100.5, 53)
	})
	p.round(metal, -2, 59, 9, 65, 2)
	p.round(metal, 92, 59, 103, 64, 2)
	r := p.vary(10.5, 11.8)
	p.wheel(18, 66, r, style)
	p.wheel(80, 66, r, style)
}

// drawCargo loads a pickup's bed.
func drawCargo(p *plan) {
	if p.chance(0.5) {
		p.rect(timber, 64, 27, 79, 42)
		p.line(dark, 1.4, 64, 27, 79, 42)
		p.rect(timber, 80, 32, 94, 42)
		return
	}
	for _, x := range []float64{66, 75, 84, 93} {
		p.circle(timber, x, 36, 4.6)
	}
	for _, x := range []float64{70.5, 79.5, 88.5} {
		p.circle(timber, x, 29, 4.6)
	}
}

// A bus: a long box with a row of windows and a door.
func drawBus(p *plan) {
	style, n := p.below(3), p.within(5, 7)
	p.soft(body, 6, 0, 66, 0, 12, 6, 8, 138, 8, 140, 14, 140, 66)
	p.bare(func() {
		p.round(glass, 2, 18, 11, 42, 2)
		p.rect(dark, 3, 11, 13, 15.5) // destination
		p.round(glass, 14, 18, 20.5, 61, 1)
		p.round(glass, 22, 18, 28.5, 61, 1)
		wide := (136 - 33) / float64(n)
		for k := range n {
			x := 33 + float64(k)*wide
			p.round(glass, x, 18, x+wide-3.5, 38, 2)
			p.line(cream, 1.6, x+2, 36, x+wide*0.4, 20)
		}
		p.rect(tint, 31, 44, 139, 48)
		p.rect(shade, 1, 58, 139, 63)
		p.round(lamplight, 1.5, 52, 7, 57, 2)
		p.rect(taillight, 136, 50, 139.5, 58)
	})
	p.round(metal, 44, 4, 74, 8.5, 2)
	p.line(dark, 2, -3, 18, -3, 28)
	p.line(dark, 1.4, 0, 15, -3, 18)
	r := p.vary(9.5, 10.8)
	p.wheel(40, 66, r, style)
	p.wheel(p.vary(106, 114), 66, r, style)
}

// A sailboat: hull, mast, a mainsail and a jib.
func drawSailboat(p *plan) {
	top, boom := p.vary(0, 8), p.vary(84, 94)
	p.rect(timber, 47, top-4, 50.5, 76)
	first := len(p.pts)
	p.spline([]float64{53, top, 70, 28, boom, 68}, false)
	p.pts = append(p.pts, at(53, 68))
	p.solid(body, first)
	first = len(p.pts)
	p.spline([]float64{44.5, top + 8, 26, 40, 12, 68}, false)
	p.pts = append(p.pts, at(44.5, 68))
	p.solid(cream, first)
	p.bare(func() {
		for k := range 3 {
			y := 24 + 14*float64(k)
			p.line(ink, 0.9, 53, y, 60+float64(k)*8, y+1)
		}
		p.poly(taillight, 48.5, top-4, 48.5, top-11, 36, top-7)
	})
	p.line(timber, 2, 49, 71, boom, 71)
	p.soft(body, 3, 4, 75, 98, 73, 84, 92, 18, 92)
	p.bare(func() {
		p.poly(shade, 13, 86, 88, 85, 83, 91, 19, 91)
		for k := range p.within(2, 4) {
			p.circle(glass, 30+14*float64(k), 81, 2.4)
		}
	})
}

// An airplane from the side: fuselage, tail fin, a swept wing, an engine.
func drawAirplane(p *plan) {
	n := p.within(5, 8)
	p.poly(shade, 44, 44, 58, 44, 72, 24, 65, 24)
	p.poly(body, 80, 43, 93, 14, 103, 14, 100, 44)
	p.bare(func() { p.poly(tint, 89.5, 22, 93, 14, 103, 14, 102.3, 22) })
	p.soft(body, 7, -2, 53, 6, 41, 20, 39, 90, 40, 108, 41, 106, 47, 86, 60, 12, 61)
	p.bare(func() {
		p.poly(glass, 4, 47, 9, 42, 15, 42, 15, 47)
		pitch := 60 / float64(n)
		for k := range n {
			p.round(glass, 22+pitch*float64(k), 44.5, 26+pitch*float64(k), 50, 1.6)
		}
		p.rect(shade, 4, 55.5, 92, 57.5)
	})
	p.poly(shade, 88, 48, 100, 47, 117, 58, 109, 59)
	p.round(metal, 38, 66, 56, 75, 4)
	p.bare(func() { p.ellipse(dark, 39.5, 70.5, 2, 3.6) })
	p.poly(shade, 36, 55, 60, 55, 86, 86, 75, 86)
}
