// Vectors of WIDTH floats, the words in which the kernels are written.
//
// A file that makes a form of the kernels defines three things before it includes this one, and nothing else is told
// apart by forms:
// - WIDTH, the number of lanes;
// - TARGET, the attribute by which the compiler may use the form's instructions;
// - LANES_AVX2, LANES_AVX512 and LANES_BFLOAT16, when those instructions are there.
//
// Operators work lane by lane, as the compiler's vector types do. All memory is read and written without alignment.
// `n` is how many lanes are meant: WIDTH, a constant, but for the last vector of a row.
#ifndef GRAMDEX_NEURAL_LANES_H
#define GRAMDEX_NEURAL_LANES_H
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(LANES_AVX2) || defined(LANES_AVX512)
#include <immintrin.h>
#endif

/// A kernel of this form.
#define KERNEL static TARGET
/// A piece of kernels of this form.
#define PIECE static inline TARGET __attribute__((always_inline))

typedef float vec __attribute__((vector_size(4 * WIDTH)));
typedef int32_t ivec __attribute__((vector_size(4 * WIDTH)));
typedef uint32_t uvec __attribute__((vector_size(4 * WIDTH)));
typedef uint16_t hvec __attribute__((vector_size(2 * WIDTH)));

/// Calls `part` (i, n, …) for the vectors of `count` elements in turn: elements i to i + n.
#define FOR_VECTORS(count, part, ...)                                                     \
  do {                                                                                    \
    const size_t count_ = (count), whole_ = count_ - count_ % WIDTH;                      \
    for (size_t i_ = 0; i_ < whole_; i_ += WIDTH) part(i_, WIDTH, __VA_ARGS__);           \
    if (whole_ < count_) part(whole_, count_ - whole_, __VA_ARGS__);                      \
  } while (0)

// --- Memory --------------------------------------------------------------------------------------------------------

PIECE vec v_set(float value) {
  return value - (vec){0};
}

PIECE vec v_load(const float *values) {
  vec x;
  memcpy(&x, values, sizeof x);
  return x;
}

#if defined(LANES_AVX512)
PIECE __mmask16 v_mask(size_t n) { return (__mmask16)((1u << n) - 1); }
#elif defined(LANES_AVX2)
PIECE __m256i v_mask(size_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
#endif

/// n values; `filler` in the other lanes.
PIECE vec v_load_or(const float *values, size_t n, float filler) {
  if (n == WIDTH) return v_load(values);
#if defined(LANES_AVX512)
  return _mm512_mask_loadu_ps(v_set(filler), v_mask(n), values);
#elif defined(LANES_AVX2)
  const __m256i mask = v_mask(n);
  return _mm256_blendv_ps(v_set(filler), _mm256_maskload_ps(values, mask), (__m256)mask);
#else
  vec x = v_set(filler);
  memcpy(&x, values, n * sizeof *values);
  return x;
#endif
}

/// n values; zero in the other lanes.
PIECE vec v_some(const float *values, size_t n) {
  if (n == WIDTH) return v_load(values);
#if defined(LANES_AVX512)
  return _mm512_maskz_loadu_ps(v_mask(n), values);
#elif defined(LANES_AVX2)
  return _mm256_maskload_ps(values, v_mask(n));
#else
  return v_load_or(values, n, 0);
#endif
}

/// As `v_some`; zero in all lanes when `values` is NULL.
PIECE vec v_some_or_none(const float *values, size_t offset, size_t n) {
  return values ? v_some(values + offset, n) : v_set(0);
}

PIECE void v_store(float *values, size_t n, vec x) {
  if (n == WIDTH) {
    memcpy(values, &x, sizeof x);
    return;
  }
#if defined(LANES_AVX512)
  _mm512_mask_storeu_ps(values, v_mask(n), x);
#elif defined(LANES_AVX2)
  _mm256_maskstore_ps(values, v_mask(n), x);
#else
  memcpy(values, &x, n * sizeof *values);
#endif
}

// --- Choices -------------------------------------------------------------------------------------------------------

/// a where the mask is −1, b where it is 0.
PIECE vec v_choose(ivec mask, vec a, vec b) { return (vec)((mask & (ivec)a) | (~mask & (ivec)b)); }

/// min(limit, x); NaN in x stays.
PIECE vec v_at_most(float limit, vec x) {
#if defined(LANES_AVX512)
  return _mm512_min_ps(v_set(limit), x);
#elif defined(LANES_AVX2)
  return _mm256_min_ps(v_set(limit), x);
#else
  return v_choose(x > limit, v_set(limit), x);
#endif
}

/// max(limit, x); NaN in x stays.
PIECE vec v_at_least(vec limit, vec x) {
#if defined(LANES_AVX512)
  return _mm512_max_ps(limit, x);
#elif defined(LANES_AVX2)
  return _mm256_max_ps(limit, x);
#else
  return v_choose(x < limit, limit, x);
#endif
}

PIECE vec v_absolute(vec x) { return (vec)((ivec)x & 0x7FFFFFFF); }

/// |x| with the sign of `sign`; x is not negative.
PIECE vec v_with_sign(vec x, vec sign) { return (vec)((uvec)x | ((uvec)sign & 0x80000000u)); }

PIECE vec v_square_root(vec x) {
#if defined(LANES_AVX512)
  return _mm512_sqrt_ps(x);
#elif defined(LANES_AVX2)
  return _mm256_sqrt_ps(x);
#else
  return __builtin_elementwise_sqrt(x);
#endif
}

// --- Across lanes: halves are folded together, so the order is that of a tree -----------------------------------------

PIECE float v_sum(vec x) {
  float lanes[WIDTH];
  memcpy(lanes, &x, sizeof x);
  for (int half = WIDTH / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
  return lanes[0];
}

PIECE float v_greatest(vec x) {
  float lanes[WIDTH];
  memcpy(lanes, &x, sizeof x);
  for (int half = WIDTH / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) lanes[i] = lanes[i] < lanes[i + half] ? lanes[i + half] : lanes[i];
  return lanes[0];
}

// --- bfloat16 ------------------------------------------------------------------------------------------------------

/// Stores n numbers rounded to bfloat16: to nearest, ties to even; NaN keeps its sign and is quiet; numbers below the
/// least normal one (1.18e-38) become 0 of their sign, as the processor's instruction does.
PIECE void v_store_bfloat16(uint16_t *rounded, size_t n, vec x) {
#if defined(LANES_BFLOAT16)
  const hvec halves = (hvec)_mm512_cvtneps_pbh(x);
#else
  const uvec bits = (uvec)x, magnitude = bits & 0x7FFFFFFFu;
  const uvec nearest = (bits + (0x7FFFu + ((bits >> 16) & 1u))) >> 16;
  const uvec is_nan = (uvec)(magnitude > 0x7F800000u), is_small = (uvec)(magnitude < 0x00800000u);
  const uvec number = (is_small & ((bits >> 16) & 0x8000u)) | (~is_small & nearest);
  const uvec chosen = (is_nan & ((bits >> 16) | 0x40u)) | (~is_nan & number);
#if defined(LANES_AVX512)
  const hvec halves = (hvec)_mm512_cvtepi32_epi16((__m512i)chosen);
#else
  const hvec halves = __builtin_convertvector(chosen, hvec);
#endif
#endif
  if (n == WIDTH) {
    memcpy(rounded, &halves, sizeof halves);
    return;
  }
#if defined(LANES_AVX512)
  _mm256_mask_storeu_epi16(rounded, v_mask(n), (__m256i)halves);
#else
  memcpy(rounded, &halves, n * sizeof *rounded);
#endif
}

/// The same when `rounded` is not NULL.
PIECE void v_store_bfloat16_if(uint16_t *rounded, size_t offset, size_t n, vec x) {
  if (rounded) v_store_bfloat16(rounded + offset, n, x);
}

#endif
