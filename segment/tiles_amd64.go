package segment

import "golang.org/x/sys/cpu"

// fast says whether the processor and the system know AVX2 and FMA.
var fast = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// sumRowsFast is sumRows without its checks: n rows, at least one, all within z.
//
//go:noescape
func sumRowsFast(sum *[tile]float32, z *float32, rows *uint16, weights *float32, n int)
