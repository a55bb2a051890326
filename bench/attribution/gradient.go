package main

import (
	"math"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"
)

// gradients is ∂y/∂z_i [K,C] of y = τ⟨e,t⟩/‖e‖ for the trunk's tokens z_i: what Grad-CAM asks of the last convolution. t [D] need not be of
// unit length. Everything that z_i passes is in it: its own value, its part of the class token z_0 = mean z, the attention that it draws and
// the query that z_0 asks with (docs/design.md, formula 5).
func gradients(tokens decompose.Tokens, ask decompose.Query, e, t []float32, τ float64) []float32 {
	M, C, N, d := tokens.Heads, tokens.Channels, tokens.N, tokens.Width
	s := tokens.Scalars()
	into := tokens.Text(alongEmbedding(e, t, τ)) // ∂y/∂s [M,C]
	direct, class := make([]float64, N*C), make([]float64, C)
	for h := range M {
		G, key := into[h*C:(h+1)*C], ask.Absorbed(h, tokens.X[:C])
		mean, query := numeric.Dot(G, s[h*C:(h+1)*C]), make([]float64, C) // query: ∂y/∂U_h
		for i := range N {
			x, a := tokens.X[i*C:(i+1)*C], float64(tokens.A[h*N+i])
			logit := a * (numeric.Dot(G, x) - mean) // ∂y/∂ of the token's logit in the softmax
			for n := range C {
				direct[i*C+n] += a*float64(G[n]) + logit*key[n]
				query[n] += logit * float64(x[n])
			}
		}
		asked := make([]float64, d) // W_K^h ∂y/∂U_h / √d
		for k := range asked {
			for n, w := range ask.Key[(h*d+k)*C : (h*d+k+1)*C] {
				asked[k] += float64(w) * query[n] / math.Sqrt(float64(d))
			}
		}
		for k, v := range asked {
			for n, w := range ask.Query[(h*d+k)*C : (h*d+k+1)*C] {
				class[n] += float64(w) * v
			}
		}
	}
	K := N - 1
	out := make([]float32, K*C)
	for i := range K {
		for n := range C {
			out[i*C+n] = float32(direct[(i+1)*C+n] + (direct[n]+class[n])/float64(K))
		}
	}
	return out
}

// alongEmbedding is ∂y/∂e = τ (t/‖e‖ − ⟨e,t⟩ e/‖e‖³) [D].
func alongEmbedding(e, t []float32, τ float64) []float32 {
	length, product := numeric.Norm(e), numeric.Dot(e, t)
	g := make([]float32, len(e))
	for i := range g {
		g[i] = float32(τ * (float64(t[i])/length - product*float64(e[i])/(length*length*length)))
	}
	return g
}

// gradCAM is Grad-CAM (Selvaraju et al., ICCV 2017): neurons weighed by the mean of their gradients over the places, what is negative dropped.
// z and g [K,C].
func gradCAM(z, g []float32, C int) []float32 {
	weight := make([]float64, C)
	for i, v := range g {
		weight[i%C] += float64(v)
	}
	return rectified(z, C, func(int) []float64 { return weight })
}

// hiResCAM is the same with the gradient of each place in place of the mean (Draelos and Carin, arXiv 2011.08891).
func hiResCAM(z, g []float32, C int) []float32 {
	return rectified(z, C, func(i int) []float64 {
		row := make([]float64, C)
		for n, v := range g[i*C : (i+1)*C] {
			row[n] = float64(v)
		}
		return row
	})
}

// rectified is max(0, ⟨w_i, z_i⟩) of every place [K].
func rectified(z []float32, C int, weight func(place int) []float64) []float32 {
	m := make([]float32, len(z)/C)
	for i := range m {
		sum := 0.0
		for n, w := range weight(i) {
			sum += w * float64(z[i*C+n])
		}
		m[i] = float32(max(sum, 0))
	}
	return m
}
