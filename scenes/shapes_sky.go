package scenes

// A star with five points, faceted.
func drawStar(p *plan) {
	inner := p.vary(19, 24)
	corners := make([]float64, 0, 20)
	for k := range 10 {
		r := 50.0
		if k%2 == 1 {
			r = inner
		}
		x, y := polar(50, 50, r, float64(k)*36-90)
		corners = append(corners, x, y)
	}
	p.edge = 2.4
	p.soft(body, 3, corners...)
	p.bare(func() {
		for k := 0; k < 10; k += 2 {
			next := (k + 1) % 10
			p.poly(shade, 50, 50, 50+(corners[2*k]-50)*0.88, 50+(corners[2*k+1]-50)*0.88,
				50+(corners[2*next]-50)*0.9, 50+(corners[2*next+1]-50)*0.9)
		}
	})
}

// A moon: a crescent with a few craters.
func drawMoon(p *plan) {
	bite, inner := p.vary(24, 32), p.vary(36, 41)
	p.edge = 2.2
	const horn = 52 // degrees from the opening's axis to the tips
	first := len(p.pts)
	p.arc(50, 50, 48, 48, 0, horn, 360-horn)
	tx, ty := polar(50, 50, 48, horn)
	depth := inner - bite*0.2
	p.spline([]float64{tx, 100 - ty, 50 - depth*0.1 + 4, 100 - ty + 14, 50 - depth*0.42 + 6, 50, 50 - depth*0.1 + 4, ty - 14, tx, ty}, false)
	p.solid(body, first)
	p.bare(func() {
		p.circle(shade, 16, 42, 5)
		p.circle(shade, 25, 66, 6.5)
		p.circle(shade, 30, 24, 4)
		p.circle(shade, 44, 84, 3.5)
	})
}

// A cloud: puffs on a flat base.
func drawCloud(p *plan) {
	a, b, c := p.vary(14, 18), p.vary(20, 26), p.vary(16, 21)
	p.edge = 2
	p.bare(func() { p.round(ink, 12, 52, 92, 73, 12) })
	p.cluster(body, 18, 71-a, a, 42, 43, b, 68, 49, c, 85, 57, 13)
	p.bare(func() { p.round(body, 14, 48, 90, 71, 10) })
	p.bow(shade, 2.4, 42, 44, b*0.62, b*0.62, 190, 290)
	p.bow(shade, 2.4, 68, 50, c*0.55, c*0.55, 200, 300)
	p.bow(shade, 2.4, 19, 57, a*0.55, a*0.55, 180, 280)
	p.bare(func() { p.round(shade, 22, 65, 82, 68.5, 1.6) })
}

// A kite: a diamond on two spars, with a tail of bows.
func drawKite(p *plan) {
	sway, waist := p.vary(-10, 10), p.vary(34, 40)
	knots := []float64{50, 84, 50 + sway, 96, 50 - sway, 110, 50 + sway, 124}
	p.curve(dark, 1.8, knots...)
	for k := 2; k+1 < len(knots); k += 2 {
		x, y := knots[k], knots[k+1]
		p.poly(taillight, x, y, x-8, y-5, x-8, y+5)
		p.poly(taillight, x, y, x+8, y-5, x+8, y+5)
	}
	p.poly(body, 50, 0, 88, waist, 50, 86, 12, waist)
	p.bare(func() { p.poly(shade, 50, 86, 88, waist, 84, waist, 50, 78, 16, waist, 12, waist) })
	p.line(ink, 1.6, 50, 0, 50, 86)
	p.line(ink, 1.6, 12, waist, 88, waist)
	p.spot = spot{50, waist + 2, 21}
}

// A hot-air balloon: a gored envelope, ropes, a basket.
func drawBalloon(p *plan) {
	waist := p.vary(8, 11)
	p.line(dark, 1.3, 50-waist, 80, 43, 96)
	p.line(dark, 1.3, 50+waist, 80, 57, 96)
	p.line(dark, 1.3, 50, 80, 50, 96)
	p.round(timber, 41, 95, 59, 108, 2)
	p.line(dark, 1.2, 42, 99, 58, 99)
	p.line(dark, 1.2, 42, 103, 58, 103)
	p.blob(body, 50, 0, 74, 7, 89, 28, 84, 52, 66, 72, 50+waist, 82, 50, 83, 50-waist, 82, 34, 72, 16, 52, 11, 28, 26, 7)
	p.curve(ink, 1.4, 50, 0, 30, 22, 31, 50, 50-waist*0.5, 82)
	p.curve(ink, 1.4, 50, 0, 70, 22, 69, 50, 50+waist*0.5, 82)
	p.poly(shade, 50-waist-2, 78, 50+waist+2, 78, 50+waist, 83, 50-waist, 83)
	p.spot = spot{50, 35, 20}
}

// A heart.
func drawHeart(p *plan) {
	dip := p.vary(20, 27)
	p.edge = 2.4
	first := len(p.pts)
	p.spline([]float64{50, dip, 62, 8, 80, 5, 95, 16, 97, 36, 84, 60, 50, 94}, false)
	p.spline([]float64{50, 94, 16, 60, 3, 36, 5, 16, 20, 5, 38, 8, 50, dip}, false)
	p.solid(body, first)
	p.curve(cream, 4, 14, 36, 15, 24, 24, 17)
	p.curve(shade, 2.6, 60, 80, 78, 60, 90, 38)
}
