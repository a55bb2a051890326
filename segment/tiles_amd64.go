package segment

import "golang.org/x/sys/cpu"

// fast says whether the processor and the system know AVX2 and FMA.
var fast = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// sumRowsFast and sumWeighedFast are sumRows and sumWeighed without their checks: n rows, at least one, all within z.
//
//go:noescape
func sumRowsFast(sum *[tile]float32, z *float32, rows *uint16, n int)

//go:noescape
func sumWeighedFast(sum *[tile]float32, z *float32, rows *uint16, weights *float32, n int)
