// Kernels of the score tables: which slots of a 64-byte bucket hold a tag, and many logarithms at once.
#ifndef GRAMDEX_TABLES_H
#define GRAMDEX_TABLES_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// Replaces each value by its decimal logarithm, within 1e-7 of it relatively and never -0.0.
/// Values below the least normal float count as 0 and become -99. The same on all CPUs.
void gramdex_log10(float *values, size_t count);

/// As gramdex_log10, but NaN stands for "no value" and becomes -0.0.
void gramdex_log10_or_none(float *values, size_t count);

/// Bit k is set when u32 number k (of 5) at `bucket` equals `tag`; reads 32 bytes.
static inline uint32_t gramdex_match5(const void *bucket, uint32_t tag) {
#if defined(__SSE2__)
  const __m128i wanted = _mm_set1_epi32((int)tag);
  const __m128i low = _mm_cmpeq_epi32(_mm_loadu_si128((const __m128i *)bucket), wanted);
  const __m128i high = _mm_cmpeq_epi32(_mm_loadu_si128((const __m128i *)bucket + 1), wanted);
  const uint32_t bits = (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(low)) |
                        (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(high)) << 4;
  return bits & 0x1F;
#else
  uint32_t tags[5], bits = 0;
  memcpy(tags, bucket, sizeof tags);
  for (int k = 0; k < 5; k++) bits |= (uint32_t)(tags[k] == tag) << k;
  return bits;
#endif
}

/// Bit k is set when u32 number k (of 8) at `bucket` equals `tag`, bit 30 of both left out.
static inline uint32_t gramdex_match8(const void *bucket, uint32_t tag) {
#if defined(__SSE2__)
  const __m128i kept = _mm_set1_epi32((int)0xBFFFFFFFu);
  const __m128i wanted = _mm_set1_epi32((int)(tag & 0xBFFFFFFFu));
  const __m128i low = _mm_and_si128(_mm_loadu_si128((const __m128i *)bucket), kept);
  const __m128i high = _mm_and_si128(_mm_loadu_si128((const __m128i *)bucket + 1), kept);
  return (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(low, wanted))) |
         (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(high, wanted))) << 4;
#else
  uint32_t tags[8], bits = 0;
  memcpy(tags, bucket, sizeof tags);
  for (int k = 0; k < 8; k++) bits |= (uint32_t)(((tags[k] ^ tag) & 0xBFFFFFFFu) == 0) << k;
  return bits;
#endif
}

#endif
