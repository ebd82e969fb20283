// exp, σ, tanh and ln(1 + u) of all lanes. Relative errors are below 2e-7 (1.7 units in the last place) wherever the result is
// a normal number; limits at ±∞ are right; NaN stays NaN. KernelTests measures all of that.
//
// The argument is split as x = k·ln 2 + f with |f| ≤ ½ ln 2 (Cody & Waite 1980: ln 2 in two pieces, so that k times
// the first is exact), and e^f − 1 = f + f²·R(f). The coefficients of R, and those of `v_log1p`, are
// minimax polynomials, fitted by reweighted least squares.
#ifndef GRAMDEX_NEURAL_FUNCTIONS_H
#define GRAMDEX_NEURAL_FUNCTIONS_H
#include "lanes.h"

/// Adding 1.5·2^23 rounds to an integer, which then stands in the last bits.
#define ROUNDER 12582912.0f

typedef struct {
  /// k with ROUNDER added, and without.
  vec shifted, k;
  vec f;
} reduced;

PIECE reduced v_reduce(vec x) {
  reduced r;
  r.shifted = x * 1.44269504f + ROUNDER;
  r.k = r.shifted - ROUNDER;
  r.f = x - r.k * 0.693359375f;
  r.f = r.f - r.k * -2.12194440e-4f;
  return r;
}

/// R(f) = ½ + f/6 + …
PIECE vec v_rest(vec f) {
  vec p = v_set(1.3950602e-3f);
  p = p * f + 8.368954e-3f;
  p = p * f + 4.1666206e-2f;
  p = p * f + 0.16666518f;
  return p * f + 0.5f;
}

PIECE vec v_exp(vec x) {
  // Beyond these the result is 0 and ∞.
  x = v_at_least(v_set(-104.0f), v_at_most(89.0f, x));
  const reduced r = v_reduce(x);
  vec p = v_rest(r.f) * r.f + 1.0f;
  p = p * r.f + 1.0f;
#if defined(LANES_AVX512)
  return _mm512_scalef_ps(p, r.k);
#else
  // 2^k in two steps, since k may be beyond the exponents of normal numbers.
  const ivec k = (ivec)r.shifted - (ivec)v_set(ROUNDER), half = k >> 1;
  return p * (vec)((half + 127) << 23) * (vec)((k - half + 127) << 23);
#endif
}

PIECE vec v_sigmoid(vec x) { return 1.0f / (1.0f + v_exp(-x)); }

/// tanh |x| = −m / (2 + m) with m = e^(−2|x|) − 1, which has no cancellation anywhere.
PIECE vec v_tanh(vec x) {
  const reduced r = v_reduce(v_at_least(v_set(-40.0f), v_absolute(x) * -2.0f));
  const vec p = v_rest(r.f) * (r.f * r.f) + r.f;
  const vec power = (vec)(((ivec)r.shifted << 23) + (127 << 23));
  const vec m = p * power + (power - 1.0f);
  return v_with_sign(v_absolute(m / (2.0f + m)), x);
}

/// ln(1 + u) for 0 ≤ u ≤ 1: 2 artanh z with z = u / (2 + u).
PIECE vec v_log1p(vec u) {
  const vec z = u / (2.0f + u), w = z * z;
  vec p = v_set(0.14012234f);
  p = p * w + 0.1399957f;
  p = p * w + 0.2001085f;
  p = p * w + 0.33333206f;
  const vec twice = z + z;
  return twice * (w * p) + twice;
}

#endif
