package scenes

// An oak: a lumpy crown on a forked trunk.
func drawOak(p *plan) {
	p.blob(timber, 42, 96, 45, 78, 43, 60, 57, 60, 56, 78, 60, 96, 51, 94)
	p.limb(timber, 5, 48, 70, 36, 56)
	p.limb(timber, 5, 53, 68, 66, 54)
	lumps := make([]float64, 0, 40)
	turn := p.vary(0, 40)
	for k := range 8 {
		x, y := polar(50, 36, p.vary(22, 27), turn+float64(k)*45)
		lumps = append(lumps, x+(x-50)*0.35, y*0.9+2, p.vary(13, 17))
	}
	lumps = append(lumps, 50, 36, 27)
	p.cluster(body, lumps...)
	for range 7 {
		x, y := p.vary(28, 70), p.vary(16, 50)
		p.bow(shade, 2, x, y, 6, 4.5, 200, 340)
	}
}

// A pine: stacked tiers with ragged hems.
func drawPine(p *plan) {
	p.rect(timber, 44, 84, 56, 100)
	tiers := p.within(3, 4)
	for k := tiers - 1; k >= 0; k-- {
		t := float64(k) / float64(tiers)
		top, low := 2+t*68, 2+t*68+88/float64(tiers)+8
		half := 16 + 24*(t+1/float64(tiers))
		p.poly(body, 50, top, 50+half, low, 50+half*0.62, low-4, 50+half*0.3, low+2, 50, low-3.5,
			50-half*0.3, low+2, 50-half*0.62, low-4, 50-half, low)
		p.bare(func() {
			p.poly(shade, 50+half*0.86, low-2.8, 50+half*0.62, low-4.6, 50+half*0.3, low+1, 50+half*0.12, low-4)
		})
	}
}

// A cactus: a ribbed column with two arms, and spines.
func drawCactus(p *plan) {
	low, high := p.vary(54, 62), p.vary(40, 50)
	p.ellipse(skin, 50, 95, 26, 5)
	left, right := p.vary(22, 34), p.vary(14, 26)
	p.limb(body, 13, 50, low, 34, low, 26, low-4, 24, low-12, 24, left)
	p.limb(body, 13, 50, high, 66, high, 75, high-4, 77, high-12, 77, right)
	p.limb(body, 21, 50, 92, 50, 50, 50, 14)
	p.bare(func() {
		for _, x := range []float64{45, 50, 55} {
			p.line(shade, 1.3, x, 14, x, 92)
		}
		p.line(shade, 1.2, 24, left, 24, low-11)
		p.line(shade, 1.2, 77, right, 77, high-11)
		for k := range 8 {
			y := 16 + 10*float64(k)
			p.line(cream, 1.3, 39, y, 35.5, y-2.5)
			p.line(cream, 1.3, 61, y+4, 64.5, y+1.5)
			p.line(cream, 1.3, 47, y+3, 48, y)
			p.line(cream, 1.3, 53, y+6, 54, y+3)
		}
	})
}

// A flower: petals around an eye, on a stem with two leaves.
func drawFlower(p *plan) {
	petals := p.within(5, 9)
	lean := p.vary(-8, 8)
	p.limb(leaf, 5, 50, 34, 50+lean, 62, 50, 99)
	p.blob(leaf, 50, 88, 40, 74, 22, 70, 32, 84)
	p.blob(leaf, 50, 80, 60, 66, 78, 62, 68, 76)
	p.line(ink, 1, 48, 86, 28, 73)
	p.line(ink, 1, 52, 78, 72, 65)
	turn, thick := p.vary(0, 60), p.vary(50, 66)/float64(petals)
	for k := range petals {
		a := turn + 360*float64(k)/float64(petals)
		x, y := polar(50, 30, 19, a)
		p.tilted(body, x, y, 14, thick, a)
		x0, y0 := polar(50, 30, 10, a)
		x1, y1 := polar(50, 30, 22, a)
		p.line(shade, 1.2, x0, y0, x1, y1)
	}
	p.circle(beak, 50, 30, 9.5)
	p.bare(func() {
		for k := range 8 {
			x, y := polar(50, 30, 5.5, float64(k)*45)
			p.circle(timber, x, y, 1.2)
		}
	})
}

// A mushroom: a domed cap over gills and a stout, ringed stem.
func drawMushroom(p *plan) {
	flat := p.vary(42, 52)
	p.blob(cream, 40, 56, 41, 76, 34, 94, 50, 97, 66, 94, 59, 76, 60, 56)
	p.bare(func() { p.poly(skin, 40, 58, 60, 58, 59, 68, 41, 66) })
	p.soft(cream, 1, 39, 70, 61, 70, 66, 78, 34, 78)
	p.ellipse(skin, 50, 57, 40, 7)
	for k := range 9 {
		x := 18 + 8*float64(k)
		p.line(timber, 0.9, x, 58, 50+(x-50)*0.5, 63)
	}
	first := len(p.pts)
	p.arc(50, 56, 46, flat, 0, 180, 360)
	p.pts = append(p.pts, at(84, 60), at(50, 57), at(16, 60))
	p.solid(body, first)
	p.bare(func() {
		p.curve(tint, 4, 14, 50, 22, 56-flat*0.62, 40, 56-flat*0.86)
		p.poly(shade, 6, 57, 94, 57, 88, 59.5, 50, 58, 12, 59.5)
	})
}
