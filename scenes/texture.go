package scenes

import "sync"

// textureSeed fixes the tiles: the textures are part of the world, not of a seed.
const textureSeed = 0x5ce9e5

// tile is a seamless texture.
type tile struct {
	texels   []uint32 // red, green, blue from the lowest byte up [tileSize·tileSize]
	turnable bool     // has no up or down, so it may be transposed
	pix      []uint8  // RGBA while it is being made [tileSize·tileSize·4]
}

var tileMakers = [backgroundEnd]func(*tile, *dice){
	Grass: makeGrass, Sand: makeSand, Water: makeWater, Snow: makeSnow, Brick: makeBrick, Wood: makeWood,
	Sky: makeSky, Gravel: makeGravel, Tiles: makeTiles, Asphalt: makeAsphalt, Leaves: makeLeaves, Night: makeNight,
}

var tiles [backgroundEnd]struct {
	once sync.Once
	tile tile
}

// textureOf returns the tile of a background, made on first use.
func textureOf(b Background) *tile {
	t := &tiles[b]
	t.once.Do(func() {
		t.tile.pix = make([]uint8, 4*tileSize*tileSize)
		tileMakers[b](&t.tile, newDice(textureSeed, uint64(b), domainTexture))
		t.tile.pack()
	})
	return &t.tile
}

// pack turns the finished pixels into texels.
func (t *tile) pack() {
	t.texels = make([]uint32, tileSize*tileSize)
	for i := range t.texels {
		p := t.pix[4*i:]
		t.texels[i] = uint32(p[0]) | uint32(p[1])<<8 | uint32(p[2])<<16
	}
	t.pix = nil
}

// paint sets every pixel from its index.
func (t *tile) paint(tone func(i int) rgb) {
	for i := range tileSize * tileSize {
		c := tone(i)
		t.pix[4*i], t.pix[4*i+1], t.pix[4*i+2], t.pix[4*i+3] = c.r, c.g, c.b, 255
	}
}

// canvas returns a wrapping canvas on the tile.
func (t *tile) canvas() *canvas {
	c := &canvas{wrap: true}
	c.reset(tileSize, t.pix, make([]uint8, tileSize*tileSize))
	return c
}

// tone shifts a colour by an amount of light.
func tone(c rgb, light int) rgb {
	return rgb{clamp8(int(c.r) + light), clamp8(int(c.g) + light), clamp8(int(c.b) + light)}
}

// centred maps 0..255 to ±amount.
func centred(v uint8, amount int) int { return (int(v) - 128) * amount / 128 }

// Grass: blades over dark turf.
func makeGrass(t *tile, d *dice) {
	t.turnable = true
	patches := turbulence(d, 4, 4, 5)
	t.paint(func(i int) rgb { return tone(rgb{66, 104, 44}, centred(patches[i], 36)) })
	c := t.canvas()
	blades := []rgb{{92, 140, 56}, {74, 118, 44}, {112, 158, 70}, {58, 96, 38}, {128, 160, 84}}
	for range 5200 {
		x, y := int32(d.below(tileSize*unit)), int32(d.below(tileSize*unit))
		dx, dy := int32(d.within(-3*unit, 3*unit)), int32(d.within(5*unit, 11*unit))
		b := brush{tone: tone(pick(d, blades), d.within(-10, 10))}
		c.stroke([]point{{x, y}, {x + dx/3, y - dy/2}, {x + dx, y - dy}}, unit+unit/4, false, &b, 0)
	}
}

// Sand: fine grain with wind ripples.
func makeSand(t *tile, d *dice) {
	t.turnable = true
	dunes, fine, warp := turbulence(d, 2, 4, 4), grain(d), turbulence(d, 4, 4, 3)
	t.paint(func(i int) rgb {
		y := i>>tileBits + int(warp[i])/5
		ripple := int(sine(float64(y%32)*11.25) >> (trigBits - 3))
		return tone(rgb{212, 188, 138}, centred(dunes[i], 26)+ripple+centred(fine[i], 17))
	})
}

// Water: crossing ripples with bright crests.
func makeWater(t *tile, d *dice) {
	swell, a, b := turbulence(d, 2, 4, 3), turbulence(d, 8, 32, 3), turbulence(d, 8, 32, 3)
	t.paint(func(i int) rgb {
		v := int(a[i]) - int(b[i])
		if v < 0 {
			v = -v
		}
		crest := max(0, 26-v) * 5 / 2
		return tone(rgb{24, 104, 130}, centred(swell[i], 22)+crest-12)
	})
}

// Snow: blue-shadowed drifts, crumbs and a few sparkles.
func makeSnow(t *tile, d *dice) {
	t.turnable = true
	drift, crumbs, fine := turbulence(d, 4, 8, 4), turbulence(d, 64, 64, 2), grain(d)
	t.paint(func(i int) rgb {
		if fine[i] > 253 {
			return rgb{255, 255, 255}
		}
		s := centred(drift[i], 44) + max(0, int(crumbs[i])-150)/5
		return rgb{clamp8(208 + s), clamp8(218 + s*3/4), clamp8(232 + s/2)}
	})
}

// Brick: a running bond with pale mortar.
func makeBrick(t *tile, d *dice) {
	const wide, high, joint = 64, 32, 4
	fine, rough := turbulence(d, 64, 64, 3), grain(d)
	hue := make([]rgb, (tileSize/wide)*(tileSize/high))
	for i := range hue {
		hue[i] = tone(blend(rgb{150, 78, 60}, rgb{170, 104, 80}, d.below(256)), d.within(-16, 12))
	}
	t.paint(func(i int) rgb {
		x, y := i%tileSize, i/tileSize
		row := y / high
		x = (x + row%2*wide/2) % tileSize
		if x%wide < joint || y%high < joint {
			return tone(rgb{190, 182, 170}, centred(fine[i], 24))
		}
		edge := 0
		if x%wide == joint || y%high == joint {
			edge = 14
		} else if x%wide == wide-1 || y%high == high-1 {
			edge = -20
		}
		return tone(hue[row*(tileSize/wide)+x/wide], edge+centred(fine[i], 26)+centred(rough[i], 7))
	})
}

// Wood: boards with grain along them and butt joints.
func makeWood(t *tile, d *dice) {
	const high = 64
	long, fine, warp := turbulence(d, 2, 64, 3), turbulence(d, 8, 256, 2), turbulence(d, 2, 8, 3)
	var hue [tileSize / high]rgb
	var joint, shift [tileSize / high]int
	for i := range hue {
		hue[i] = tone(blend(rgb{176, 128, 78}, rgb{156, 110, 66}, d.below(256)), d.within(-10, 10))
		joint[i], shift[i] = d.below(tileSize), d.below(tileSize)
	}
	t.paint(func(i int) rgb {
		x, y := i%tileSize, i/tileSize
		board := y / high
		if y%high < 2 || (x-joint[board]+tileSize)%tileSize < 2 {
			return rgb{84, 58, 36}
		}
		j := y*tileSize + (x+shift[board])%tileSize
		rings := int(sine(float64((int(warp[j])*6+y*5)%360)) >> (trigBits - 3))
		return tone(hue[board], centred(long[j], 26)+centred(fine[j], 16)+rings)
	})
}

// Sky: blue with soft high clouds.
func makeSky(t *tile, d *dice) {
	haze := turbulence(d, 2, 4, 5)
	t.paint(func(i int) rgb {
		v := max(0, int(haze[i])-118) * 3
		return blend(rgb{112, 174, 232}, rgb{232, 240, 248}, min(v, 190))
	})
}

// Gravel: rounded stones in greys and browns.
func makeGravel(t *tile, d *dice) {
	t.turnable = true
	c := shatter(d, 32)
	fine := grain(d)
	hue := make([]rgb, 32*32)
	stones := []rgb{{142, 138, 132}, {118, 114, 112}, {160, 150, 136}, {134, 118, 102}, {176, 172, 166}, {98, 96, 98}}
	for i := range hue {
		hue[i] = tone(pick(d, stones), d.within(-10, 10))
	}
	t.paint(func(i int) rgb {
		e := int(c.edge[i])
		if e < 8 {
			return tone(rgb{62, 58, 54}, centred(fine[i], 10))
		}
		return tone(hue[c.id[i]], min(e, 48)-34+centred(fine[i], 12))
	})
}

// Tiles: square glazed tiles in two pale tones with grey joints.
func makeTiles(t *tile, d *dice) {
	const side, joint = 64, 3
	glaze := turbulence(d, 8, 8, 4)
	t.paint(func(i int) rgb {
		x, y := i%tileSize, i/tileSize
		if x%side < joint || y%side < joint {
			return tone(rgb{104, 108, 112}, centred(glaze[i], 14))
		}
		c := rgb{186, 208, 204}
		if (x/side+y/side)%2 == 1 {
			c = rgb{130, 164, 166}
		}
		light := centred(glaze[i], 16)
		if x%side < joint+2 || y%side < joint+2 {
			light += 22
		}
		return tone(c, light)
	})
}

// Asphalt: dark, fine, with pale specks and a few cracks.
func makeAsphalt(t *tile, d *dice) {
	t.turnable = true
	worn, fine, specks := turbulence(d, 4, 4, 3), grain(d), grain(d)
	t.paint(func(i int) rgb {
		light := centred(worn[i], 12) + centred(fine[i], 20)
		if specks[i] > 249 {
			light += 60
		}
		return tone(rgb{82, 83, 88}, light)
	})
	c := t.canvas()
	for range 7 {
		x, y := d.below(tileSize*unit), d.below(tileSize*unit)
		pts := make([]point, 0, 16)
		for range 12 {
			pts = append(pts, point{int32(x), int32(y)})
			x += d.within(4*unit, 16*unit)
			y += d.within(-9*unit, 9*unit)
		}
		c.stroke(pts, unit*5/4, false, &brush{tone: rgb{48, 48, 52}}, 0)
	}
}

// Leaves: overlapping autumn leaves with a midrib.
func makeLeaves(t *tile, d *dice) {
	t.turnable = true
	t.paint(func(int) rgb { return rgb{70, 46, 28} })
	c := t.canvas()
	hues := []rgb{{178, 92, 36}, {196, 124, 48}, {150, 66, 34}, {170, 138, 62}, {124, 82, 44}, {206, 150, 66}, {140, 104, 50}}
	var p plan
	p.reset(d)
	for range 1500 {
		p.pts, p.ops = p.pts[:0], p.ops[:0]
		long := d.vary(9, 15)
		p.bare(func() {
			p.blob(body, 0, -long, long*0.5, -long*0.35, long*0.38, long*0.5, 0, long, -long*0.38, long*0.5, -long*0.5, -long*0.35)
		})
		end := len(p.pts)
		p.line(ink, 1, 0, -long, 0, long*1.5)
		place := placement{scale: 1 << 16, angle: float64(d.below(360)), x: int64(d.below(tileSize * unit)), y: int64(d.below(tileSize * unit))}
		place.apply(p.pts)
		hue := tone(pick(d, hues), d.within(-18, 18))
		c.fill(p.pts[:end], &brush{tone: hue}, 0)
		c.stroke(p.pts[:end], unit, true, &brush{tone: tone(hue, -50)}, 0)
		c.stroke(p.pts[end:], unit, false, &brush{tone: tone(hue, -40)}, 0)
	}
}

// Night: deep blue with a milky band and many small stars.
func makeNight(t *tile, d *dice) {
	t.turnable = true
	haze := turbulence(d, 2, 2, 5)
	t.paint(func(i int) rgb {
		v := max(0, int(haze[i])-110)
		return rgb{clamp8(16 + v/3), clamp8(18 + v/3), clamp8(52 + v*2/3)}
	})
	c := t.canvas()
	for range 620 {
		x, y, r := int32(d.below(tileSize*unit)), int32(d.below(tileSize*unit)), int32(d.within(unit*5/8, unit*5/4))
		glow := tone(rgb{214, 214, 226}, d.within(-50, 30))
		c.fill([]point{{x - r, y}, {x, y - r}, {x + r, y}, {x, y + r}}, &brush{tone: glow}, 0)
	}
}
