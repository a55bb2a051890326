package scenes

// A cat: sitting, facing us, tail curled up at its side.
func drawCat(p *plan) {
	ear, tip := p.vary(-2, 4), p.vary(44, 58)
	p.limb(body, 8, 64, 88, 82, 90, 90, 78, 86, 66, 92, tip)
	p.blob(body, 50, 42, 37, 50, 29, 74, 29, 92, 40, 97, 60, 97, 71, 92, 71, 74, 63, 50)
	p.bare(func() { p.ellipse(tint, 50, 62, 8, 12) })
	p.ellipse(body, 42, 94, 7, 4.5)
	p.ellipse(body, 58, 94, 7, 4.5)
	p.line(ink, 1.5, 43, 76, 43, 92)
	p.line(ink, 1.5, 57, 76, 57, 92)
	p.soft(body, 2, 29, 30, 31, ear, 47, 15)
	p.soft(body, 2, 71, 30, 69, ear, 53, 15)
	p.bare(func() {
		p.poly(blush, 33, 22, 33.5, ear+7, 41, 16)
		p.poly(blush, 67, 22, 66.5, ear+7, 59, 16)
	})
	p.ellipse(body, 50, 31, 23, 18.5)
	p.bare(func() {
		for _, x := range []float64{41, 59} {
			p.ellipse(lamplight, x, 28.5, 5, 4.4)
			p.ellipse(dark, x, 28.5, 1.8, 4)
		}
		p.poly(blush, 47, 36, 53, 36, 50, 39.5)
		p.bow(ink, 1.3, 47, 40, 3, 3, 0, 150)
		p.bow(ink, 1.3, 53, 40, 3, 3, 30, 180)
		for _, y := range []float64{35, 38.5, 42} {
			p.line(ink, 1, 40, 37.5, 20, y-1)
			p.line(ink, 1, 60, 37.5, 80, y-1)
		}
	})
}

// A fish: forked tail, fins, a row of scales.
func drawFish(p *plan) {
	deep := p.vary(20, 27)
	p.soft(shade, 3, 70, 50, 97, 24, 91, 50, 97, 76)
	p.blob(shade, 30, 50-deep*0.7, 46, 42-deep, 64, 46-deep, 66, 46)
	p.blob(shade, 38, 50+deep*0.7, 50, 58+deep, 58, 52)
	p.blob(body, 1, 51, 14, 50-deep*0.72, 38, 50-deep, 62, 50-deep*0.6, 80, 47, 80, 54, 62, 50+deep*0.6, 38, 50+deep, 14, 50+deep*0.72)
	p.bow(ink, 1.8, 18, 50, 9, deep*0.68, 290, 430)
	for row := range 3 {
		for k := range 4 - row%2 {
			x, y := 38+9.5*float64(k)+4.5*float64(row%2), 50+(float64(row)-1)*10
			p.bow(shade, 1.4, x, y, 4, 4.4, 280, 440)
		}
	}
	p.soft(shade, 2, 34, 55, 50, 60, 38, 68)
	p.circle(cream, 14, 45, 4.6)
	p.bare(func() { p.circle(dark, 13.5, 45, 2.4) })
	p.line(ink, 1.6, 1, 53.5, 9, 56)
}

// A bird: standing sideways, folded wing, pointed beak.
func drawBird(p *plan) {
	tail := p.vary(52, 70)
	for _, x := range []float64{46, 56} {
		p.line(beak, 2.6, x, 74, x, 95)
		p.line(beak, 2.2, x-8, 96, x+5, 96)
		p.line(beak, 2.2, x, 92, x-6, 97)
	}
	p.poly(shade, 70, 50, 104, tail-4, 100, tail+6, 68, 66)
	p.soft(beak, 1, 19, 24, -1, 32, 18, 36)
	p.line(ink, 1, 4, 31.5, 17, 31)
	p.blob(body, 30, 13, 17, 24, 20, 38, 24, 54, 34, 72, 52, 79, 70, 70, 80, 56, 62, 44, 48, 34, 43, 20)
	p.bare(func() { p.blob(tint, 24, 50, 34, 70, 48, 75, 38, 58) })
	p.blob(shade, 42, 46, 58, 44, 76, 54, 96, 66, 76, 70, 56, 68, 44, 60)
	p.curve(ink, 1.2, 56, 62, 70, 64, 88, 65)
	p.curve(ink, 1.2, 54, 56, 68, 58, 84, 61)
	p.circle(cream, 28, 25, 4)
	p.bare(func() { p.circle(dark, 27.4, 25, 2.3) })
}

// A butterfly: four wings in mirror image, seen from above.
func drawButterfly(p *plan) {
	reach, drop := p.vary(0, 7), p.vary(84, 94)
	for _, side := range []float64{-1, 1} {
		x := func(v float64) float64 { return 50 + side*v }
		p.curve(dark, 1.8, 50, 30, x(5), 18, x(13), 9)
		p.circle(dark, x(13.5), 8.5, 2)
		p.blob(body, x(2), 52, x(20), 54, x(36), 62, x(34), 78, x(22), drop, x(12), 78, x(4), 64)
		p.blob(body, x(2), 46, x(8), 28, x(26), 10, x(45), 5+reach, x(48), 22, x(40), 44, x(22), 54)
		p.bare(func() {
			p.circle(ink, x(36), 20+reach*0.5, 6.5)
			p.circle(cream, x(36), 20+reach*0.5, 3)
			p.circle(ink, x(24), 74, 5)
			p.circle(cream, x(24), 74, 2.2)
			p.ellipse(ink, x(22), 28, 3, 3)
		})
		p.curve(ink, 1.3, x(3), 47, x(18), 42, x(38), 38)
		p.curve(ink, 1.3, x(3), 54, x(16), 60, x(32), 66)
	}
	p.ellipse(dark, 50, 50, 4, 21)
	p.circle(dark, 50, 29, 4.6)
}

// A turtle: a domed shell with scutes over stubby legs.
func drawTurtle(p *plan) {
	high := p.vary(40, 50)
	p.poly(skin, 84, 70, 99, 76, 86, 77)
	for _, x := range []float64{28, 68} {
		p.soft(skin, 4, x-7, 70, x+8, 70, x+7, 88, x-8, 88)
	}
	p.limb(skin, 12, 24, 70, 10, 64, 4, 56)
	p.ellipse(skin, 1, 52, 10.5, 8.5)
	p.bare(func() { p.circle(dark, -3, 50, 1.9) })
	p.line(ink, 1.2, -8, 55, -1, 56)
	first := len(p.pts)
	p.arc(54, 70, 38, high, 0, 180, 360)
	p.solid(body, first)
	p.round(skin, 13, 68, 95, 76, 4)
	y := 70 - high
	p.line(ink, 1.8, 40, y+13, 68, y+13, 75, y+28, 64, 69)
	p.line(ink, 1.8, 40, y+13, 33, y+28, 44, 69)
	p.line(ink, 1.8, 33, y+28, 75, y+28)
	p.line(ink, 1.8, 40, y+13, 36, y+5)
	p.line(ink, 1.8, 68, y+13, 72, y+5)
	p.line(ink, 1.8, 33, y+28, 19, y+26)
	p.line(ink, 1.8, 75, y+28, 89, y+26)
}

// A snail: a spiral shell on a creeping foot, two eye stalks.
func drawSnail(p *plan) {
	p.line(skin, 2.6, 9, 56, 3, 36)
	p.line(skin, 2.6, 15, 56, 17, 36)
	p.circle(dark, 3, 35, 2.8)
	p.circle(dark, 17, 35, 2.8)
	p.blob(skin, 2, 60, 10, 52, 20, 58, 26, 74, 60, 78, 92, 82, 104, 88, 60, 91, 22, 90, 8, 78)
	r := p.vary(29, 33)
	p.circle(body, 59, 51, r)
	spiral := make([]float64, 0, 64)
	for k := range 26 {
		x, y := polar(59, 51, r-1-float64(k)*r/27, 120+float64(k)*36)
		spiral = append(spiral, x, y)
	}
	p.curve(ink, 2.4, spiral...)
	p.line(ink, 1.2, 2, 68, 9, 70)
}

// An elephant: big ear, hanging trunk, tusk, pillar legs.
func drawElephant(p *plan) {
	curl := p.vary(-6, 8)
	p.curve(ink, 2.2, 94, 40, 102, 50, 101, 64)
	p.round(shade, 48, 60, 60, 90, 3)
	p.round(shade, 74, 60, 86, 90, 3)
	p.blob(body, 30, 36, 46, 21, 70, 20, 92, 32, 97, 54, 92, 74, 60, 74, 34, 64)
	for _, x := range []float64{38, 83} {
		p.round(body, x-1, 58, x+14, 93, 3)
		for k := range 3 {
			p.circle(cream, x+2+4.2*float64(k), 91, 1.7)
		}
	}
	p.bare(func() { p.rect(body, 40, 50, 50, 64); p.rect(body, 84, 50, 93, 64) })
	p.limb(body, 10, 12, 44, 5, 60, 6, 76, curl, 86)
	p.soft(cream, 2, 12, 52, 18, 50, 8, 68)
	p.blob(body, 26, 16, 10, 26, 6, 42, 14, 56, 30, 54, 40, 34)
	p.blob(shade, 30, 22, 46, 18, 56, 32, 52, 52, 42, 60, 34, 48)
	p.curve(ink, 1.2, 38, 26, 47, 34, 43, 50)
	p.bare(func() { p.circle(cream, 18, 33, 3); p.circle(dark, 17.5, 33.3, 2) })
}
