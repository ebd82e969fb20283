// Byte classes of text, 64 bytes at a time: bit i of a mask belongs to byte i.
// SSE2 on x86-64 (every such processor has it), NEON on arm64, plain C elsewhere; all give equal masks.
#ifndef GRAMDEX_TEXT_H
#define GRAMDEX_TEXT_H
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#endif

/// Where words and lines end: space, tab, CR, NUL and LF; and LF alone.
typedef struct {
  uint64_t delimiters;
  uint64_t line_ends;
} gramdex_token_mask;

/// The token mask and the bytes that are counted as odd.
typedef struct {
  uint64_t delimiters;
  uint64_t line_ends;
  uint64_t carriage_returns;
  uint64_t nuls;
  uint64_t not_ascii;
} gramdex_byte_classes;

#if defined(__SSE2__)
static inline uint64_t gramdex_equal16(__m128i bytes, char value) {
  return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(value)));
}

static inline gramdex_token_mask gramdex_load_token_mask(const void *address) {
  const __m128i space = _mm_set1_epi8(0x20), tab = _mm_set1_epi8(0x09);
  const __m128i cr = _mm_set1_epi8(0x0D), lf = _mm_set1_epi8(0x0A), nul = _mm_setzero_si128();
  gramdex_token_mask mask = {0, 0};
  for (int i = 0; i < 4; i++) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)address + i);
    __m128i line = _mm_cmpeq_epi8(bytes, lf);
    __m128i blank = _mm_or_si128(_mm_cmpeq_epi8(bytes, space), _mm_cmpeq_epi8(bytes, tab));
    __m128i other = _mm_or_si128(_mm_cmpeq_epi8(bytes, cr), _mm_cmpeq_epi8(bytes, nul));
    __m128i all = _mm_or_si128(line, _mm_or_si128(blank, other));
    mask.delimiters |= (uint64_t)(uint32_t)_mm_movemask_epi8(all) << (16 * i);
    mask.line_ends |= (uint64_t)(uint32_t)_mm_movemask_epi8(line) << (16 * i);
  }
  return mask;
}

static inline gramdex_byte_classes gramdex_load_byte_classes(const void *address) {
  const __m128i space = _mm_set1_epi8(0x20), tab = _mm_set1_epi8(0x09);
  const __m128i cr = _mm_set1_epi8(0x0D), lf = _mm_set1_epi8(0x0A), nul = _mm_setzero_si128();
  gramdex_byte_classes result = {0, 0, 0, 0, 0};
  __m128i any = _mm_setzero_si128();
  for (int i = 0; i < 4; i++) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)address + i);
    __m128i line = _mm_cmpeq_epi8(bytes, lf);
    __m128i blank = _mm_or_si128(_mm_cmpeq_epi8(bytes, space), _mm_cmpeq_epi8(bytes, tab));
    __m128i other = _mm_or_si128(_mm_cmpeq_epi8(bytes, cr), _mm_cmpeq_epi8(bytes, nul));
    __m128i all = _mm_or_si128(line, _mm_or_si128(blank, other));
    any = _mm_or_si128(any, other);
    result.delimiters |= (uint64_t)(uint32_t)_mm_movemask_epi8(all) << (16 * i);
    result.line_ends |= (uint64_t)(uint32_t)_mm_movemask_epi8(line) << (16 * i);
    result.not_ascii |= (uint64_t)(uint32_t)_mm_movemask_epi8(bytes) << (16 * i);
  }
  if (_mm_movemask_epi8(any)) {
    for (int i = 0; i < 4; i++) {
      __m128i bytes = _mm_loadu_si128((const __m128i *)address + i);
      result.carriage_returns |= gramdex_equal16(bytes, 0x0D) << (16 * i);
      result.nuls |= gramdex_equal16(bytes, 0x00) << (16 * i);
    }
  }
  return result;
}

/// How many of the first bytes can stand in a JSON string as they are: a multiple of 16, `limit` at most.
static inline size_t gramdex_plain_json_run(const void *address, size_t limit) {
  const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
  const __m128i control = _mm_set1_epi8(0x1F);
  size_t count = 0;
  for (; count + 16 <= limit; count += 16) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)((const char *)address + count));
    __m128i special = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash));
    special = _mm_or_si128(special, _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes));
    if (_mm_movemask_epi8(special)) break;
  }
  return count;
}

#else

#if defined(__aarch64__) && defined(__ARM_NEON)
static inline uint64_t gramdex_bits64(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d) {
  const uint8x16_t weights = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  uint8x16_t low = vpaddq_u8(vandq_u8(a, weights), vandq_u8(b, weights));
  uint8x16_t high = vpaddq_u8(vandq_u8(c, weights), vandq_u8(d, weights));
  uint8x16_t sums = vpaddq_u8(low, high);
  sums = vpaddq_u8(sums, sums);
  return vgetq_lane_u64(vreinterpretq_u64_u8(sums), 0);
}

static inline uint64_t gramdex_equal64(const uint8_t *bytes, uint8_t value) {
  uint8x16_t wanted = vdupq_n_u8(value);
  return gramdex_bits64(vceqq_u8(vld1q_u8(bytes), wanted), vceqq_u8(vld1q_u8(bytes + 16), wanted),
                        vceqq_u8(vld1q_u8(bytes + 32), wanted),
                        vceqq_u8(vld1q_u8(bytes + 48), wanted));
}

static inline uint64_t gramdex_high64(const uint8_t *bytes) {
  uint8x16_t limit = vdupq_n_u8(0x80);
  return gramdex_bits64(vcgeq_u8(vld1q_u8(bytes), limit), vcgeq_u8(vld1q_u8(bytes + 16), limit),
                        vcgeq_u8(vld1q_u8(bytes + 32), limit),
                        vcgeq_u8(vld1q_u8(bytes + 48), limit));
}
#else
static inline uint64_t gramdex_equal64(const uint8_t *bytes, uint8_t value) {
  uint64_t mask = 0;
  for (int i = 0; i < 64; i++) mask |= (uint64_t)(bytes[i] == value) << i;
  return mask;
}

static inline uint64_t gramdex_high64(const uint8_t *bytes) {
  uint64_t mask = 0;
  for (int i = 0; i < 64; i++) mask |= (uint64_t)(bytes[i] >> 7) << i;
  return mask;
}
#endif

static inline gramdex_token_mask gramdex_load_token_mask(const void *address) {
  const uint8_t *bytes = (const uint8_t *)address;
  uint64_t lf = gramdex_equal64(bytes, 0x0A);
  uint64_t blank = gramdex_equal64(bytes, 0x20) | gramdex_equal64(bytes, 0x09);
  uint64_t other = gramdex_equal64(bytes, 0x0D) | gramdex_equal64(bytes, 0x00);
  return (gramdex_token_mask){lf | blank | other, lf};
}

static inline gramdex_byte_classes gramdex_load_byte_classes(const void *address) {
  const uint8_t *bytes = (const uint8_t *)address;
  uint64_t lf = gramdex_equal64(bytes, 0x0A), cr = gramdex_equal64(bytes, 0x0D);
  uint64_t nul = gramdex_equal64(bytes, 0x00);
  uint64_t blank = gramdex_equal64(bytes, 0x20) | gramdex_equal64(bytes, 0x09);
  return (gramdex_byte_classes){lf | cr | nul | blank, lf, cr, nul, gramdex_high64(bytes)};
}

static inline size_t gramdex_plain_json_run(const void *address, size_t limit) {
  const uint8_t *bytes = (const uint8_t *)address;
  size_t count = 0;
  while (count < limit && bytes[count] > 0x1F && bytes[count] != '"' && bytes[count] != '\\') count++;
  return count;
}
#endif

#endif
