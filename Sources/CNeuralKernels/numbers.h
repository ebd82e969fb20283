// Representations of numbers.
#include "lanes.h"

PIECE void round_part(size_t i, size_t n, const float *values, uint16_t *rounded) {
  v_store_bfloat16(rounded + i, n, v_some(values + i, n));
}

KERNEL void to_bfloat16(size_t count, const float *values, uint16_t *rounded) {
  FOR_VECTORS(count, round_part, values, rounded);
}

PIECE void widen_part(size_t i, size_t n, const uint16_t *values, float *widened) {
  hvec halves = {0};
  memcpy(&halves, values + i, n * sizeof *values);
  v_store(widened + i, n, (vec)(__builtin_convertvector(halves, uvec) << 16));
}

KERNEL void from_bfloat16(size_t count, const uint16_t *values, float *widened) {
  FOR_VECTORS(count, widen_part, values, widened);
}

PIECE void finite_part(size_t i, size_t n, const float *values, vec *zeros) {
  *zeros += v_some(values + i, n) * 0.0f;
}

KERNEL bool all_finite(size_t count, const float *values) {
  // 0·x is NaN when x is not finite, and NaN stays in the sum.
  vec zeros = v_set(0);
  FOR_VECTORS(count, finite_part, values, &zeros);
  return v_sum(zeros) == 0;
}
