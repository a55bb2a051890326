package scenes

// A mug: a cylinder with an ear-shaped handle.
func drawMug(p *plan) {
	tall := p.vary(84, 96)
	grip := (30 + tall) / 2
	p.limb(body, 8, 66, grip-16, 84, grip-16, 91, grip, 84, grip+15, 64, grip+17)
	p.soft(body, 7, 14, 24, 72, 24, 69, tall, 17, tall)
	p.bare(func() { p.poly(shade, 64, 26, 70.5, 26, 67.5, tall-5, 62, tall-2) })
	p.ellipse(tint, 43, 24, 29, 7)
	p.bare(func() { p.ellipse(timber, 43, 25, 25, 4.6) })
	if p.chance(0.5) {
		p.curve(metal, 2, 34, 14, 38, 8, 33, 2, 36, -5)
		p.curve(metal, 2, 50, 14, 54, 8, 49, 2, 52, -5)
	}
	p.spot = spot{42, (36 + tall) / 2, 21}
}

// A chair: four legs, seat, slatted back.
func drawChair(p *plan) {
	slats, top := p.within(2, 4), p.vary(0, 8)
	for _, x := range []float64{29, 71} {
		p.round(shade, x-3, 56, x+3, 86, 1)
	}
	for k := range slats {
		x := 33 + 34*(float64(k)+0.5)/float64(slats)
		p.rect(shade, x-2.4, top+8, x+2.4, 54)
	}
	p.round(body, 24, top, 31, 58, 2)
	p.round(body, 69, top, 76, 58, 2)
	p.round(body, 22, top, 78, top+12, 4)
	p.soft(body, 3, 24, 50, 76, 50, 86, 64, 14, 64)
	p.round(body, 14, 64, 86, 70, 2)
	for _, x := range []float64{18, 82} {
		p.round(body, x-3.6, 69, x+3.6, 100, 1)
	}
	p.rect(shade, 21, 80, 79, 84)
}

// A lamp: a shade over a turned foot, with a pull cord.
func drawLamp(p *plan) {
	flare, waist := p.vary(36, 44), p.vary(8, 15)
	p.rect(metal, 48, 44, 52, 62)
	p.blob(metal, 50, 58, 50+waist*0.7, 64, 50+waist, 74, 50+waist*0.6, 86, 50, 90, 50-waist*0.6, 86, 50-waist, 74, 50-waist*0.7, 64)
	p.round(metal, 32, 89, 68, 96, 3)
	p.bare(func() { p.ellipse(cream, 50-waist*0.4, 73, 1.8, 7) })
	p.ellipse(lamplight, 50, 48, flare-2, 5)
	p.line(dark, 1.4, 66, 48, 66, 62)
	p.bare(func() { p.circle(dark, 66, 63.5, 2.2) })
	p.soft(body, 2, 32, 6, 68, 6, 50+flare, 48, 50-flare, 48)
	p.bare(func() {
		p.poly(shade, 50-flare+0.8, 44.5, 50+flare-0.8, 44.5, 50+flare, 48, 50-flare, 48)
		p.poly(shade, 32.5, 6, 67.5, 6, 68.5, 9, 31.5, 9)
	})
	p.line(metal, 2.4, 50, 6, 50, 0)
}

// An alarm clock: two bells, a round face, hands, feet.
func drawClock(p *plan) {
	p.line(dark, 5, 28, 86, 18, 99)
	p.line(dark, 5, 72, 86, 82, 99)
	p.bow(dark, 3.4, 50, 14, 12, 11, 180, 360)
	p.line(dark, 3, 50, 24, 50, 14)
	p.round(dark, 45, 9, 55, 15, 2)
	for _, side := range []float64{-1, 1} {
		first := len(p.pts)
		p.arc(50+side*28, 24, 17, 15, side*38, 180, 360)
		p.solid(body, first)
	}
	p.circle(body, 50, 60, 39)
	p.circle(cream, 50, 60, 27)
	p.bare(func() {
		for k := range 12 {
			x0, y0 := polar(50, 60, 21, float64(k)*30)
			x1, y1 := polar(50, 60, 25, float64(k)*30)
			p.line(dark, 2, x0, y0, x1, y1)
		}
	})
	hour, minute := p.vary(0, 359), p.vary(0, 359)
	x, y := polar(50, 60, 13, hour)
	p.line(dark, 3.6, 50, 60, x, y)
	x, y = polar(50, 60, 20, minute)
	p.line(dark, 2.4, 50, 60, x, y)
	p.bare(func() { p.circle(taillight, 50, 60, 2.6) })
}

// An umbrella: open canopy with scalloped hem, shaft, hooked handle.
func drawUmbrella(p *plan) {
	hook := p.vary(84, 92)
	p.line(metal, 3, 50, 8, 50, 80)
	p.limb(timber, 5.4, 50, 74, 50, hook, 44, hook+6, 36, hook+4, 34, hook-4)
	p.line(dark, 2.6, 50, 8, 50, 0)
	first := len(p.pts)
	p.arc(50, 54, 48, 47, 0, 180, 360)
	const scallops = 5
	for k := range scallops {
		x := 98 - 96*(float64(k)+0.5)/scallops
		p.arc(x, 54, 48.0/scallops, 6, 0, 360, 180)
	}
	p.solid(body, first)
	for k := 1; k < scallops; k++ {
		x := 2 + 96*float64(k)/scallops
		p.curve(ink, 1.6, 50, 7, 50+(x-50)*0.72, 24, x, 54)
	}
}

// A shirt: short sleeves, a round collar.
func drawShirt(p *plan) {
	hem, cuff := p.vary(90, 98), p.vary(42, 50)
	p.soft(body, 3, 35, 10, 50, 17, 65, 10, 79, 15, 99, 36, 84, cuff, 74, 38, 75, hem, 25, hem, 26, 38, 16, cuff, 1, 36, 21, 15)
	p.bare(func() {
		first := len(p.pts)
		p.arc(50, 10.5, 14, 10, 0, 0, 180)
		p.solid(shade, first)
	})
	p.bow(ink, 1.7, 50, 10.5, 14, 10, 0, 180)
	p.line(ink, 1.3, 26, 38, 24, 28)
	p.line(ink, 1.3, 74, 38, 76, 28)
	p.line(shade, 1.4, 25, hem-5, 75, hem-5)
	p.line(shade, 1.4, 4, 33, 19, cuff-3)
	p.line(shade, 1.4, 96, 33, 81, cuff-3)
	p.spot = spot{50, 57, 22}
}

// A guitar: waisted body, sound hole, fretted neck, strings.
func drawGuitar(p *plan) {
	hip := p.vary(29, 34)
	p.soft(timber, 1, 44, -28, 56, -28, 58, -12, 42, -12)
	for _, y := range []float64{-25, -20, -15} {
		p.circle(metal, 41.5, y, 2)
		p.circle(metal, 58.5, y, 2)
	}
	p.blob(body, 50, 34, 64, 31, 74, 42, 70, 56, 50+hip, 72, 50+hip*0.86, 92, 50, 101, 50-hip*0.86, 92, 50-hip, 72, 30, 56, 26, 42, 36, 31)
	p.circle(dark, 50, 58, 9)
	p.rect(dark, 45.5, -12, 54.5, 50)
	p.bare(func() {
		for k := range 7 {
			y := -6 + 8*float64(k)
			p.line(metal, 1, 45.5, y, 54.5, y)
		}
	})
	p.round(dark, 39, 79, 61, 84, 2)
	for _, x := range []float64{47.5, 50, 52.5} {
		p.line(cream, 0.8, x, -24, x, 80)
	}
}
