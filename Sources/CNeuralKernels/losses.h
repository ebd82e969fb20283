// Losses and their gradients.
//
// A row of logits is gone over three times: its maximum; the sum of e^(x − maximum); the gradient. The first brings the row
// into the cache, where the others find it.
#include "functions.h"

/// Sums in float lanes go over this many columns, and those sums are added in double precision.
enum { SUMMED = 4096 };

/// Whatever becomes of NaN: the powers have it again.
PIECE void greatest_part(size_t i, size_t n, const float *bias, const float *row, vec *greatest) {
  const vec x = v_load_or(row + i, n, -INFINITY) + v_some_or_none(bias, i, n);
  *greatest = v_at_least(*greatest, x);
}

/// The greatest of a row's logits; 0 when that is not finite, so that subtracting it makes no NaN of ∞.
PIECE float row_shift(size_t columns, const float *bias, const float *row) {
  vec greatest = v_set(-INFINITY);
  FOR_VECTORS(columns, greatest_part, bias, row, &greatest);
  const float shift = v_greatest(greatest);
  return isfinite(shift) ? shift : 0;
}

PIECE void power_part(size_t i, size_t n, const float *bias, float shift, const float *row,
                      float *powers, vec *sum) {
  const vec x = v_load_or(row + i, n, -INFINITY) + v_some_or_none(bias, i, n);
  const vec power = v_exp(x - shift);
  if (powers) v_store(powers + i, n, power);
  *sum += power;
}

/// Σ e^(x − shift) of a row; the powers go to `powers` unless it is NULL.
PIECE double row_sum(size_t columns, const float *bias, float shift, const float *row,
                     float *powers) {
  double total = 0;
  for (size_t start = 0; start < columns; start += SUMMED) {
    const size_t size = columns - start < SUMMED ? columns - start : SUMMED;
    vec sum = v_set(0);
    FOR_VECTORS(size, power_part, bias ? bias + start : NULL, shift, row + start,
                powers ? powers + start : NULL, &sum);
    total += v_sum(sum);
  }
  return total;
}

// --- Soft-max ------------------------------------------------------------------------------------------------------

PIECE void gradient_part(size_t i, size_t n, float factor, float *row, uint16_t *rounded) {
  const vec d = v_some(row + i, n) * factor;
  v_store(row + i, n, d);
  if (rounded) v_store_bfloat16(rounded + i, n, d);
}

PIECE float softmax_row(size_t columns, const float *bias, size_t target, float factor, float *row,
                        uint16_t *rounded) {
  const float shift = row_shift(columns, bias, row);
  const float wanted = bias ? row[target] + bias[target] : row[target];
  const double sum = row_sum(columns, bias, shift, row, row);
  const double ln = ((double)wanted - (double)shift) - log(sum);
  const float normalizing = (float)(factor / sum);
  if (rounded) FOR_VECTORS(columns, gradient_part, normalizing, row, rounded);
  else FOR_VECTORS(columns, gradient_part, normalizing, row, NULL);
  // The target's element is P − 1.
  const float d_target = (float)(factor * expm1(ln));
  row[target] = d_target;
  if (rounded) v_store_bfloat16(rounded + target, 1, v_set(d_target));
  return (float)ln;
}

KERNEL void softmax_loss(size_t rows, size_t columns, const float *bias, const int32_t *targets,
                         float factor, float *logits, float *log_probabilities,
                         uint16_t *rounded) {
  for (size_t r = 0; r < rows; r++) {
    float *row = logits + r * columns;
    uint16_t *rounded_row = rounded ? rounded + r * columns : NULL;
    if (targets[r] < 0) {
      memset(row, 0, columns * sizeof *row);
      if (rounded) memset(rounded_row, 0, columns * sizeof *rounded);
      log_probabilities[r] = 0;
    } else {
      const size_t target = (size_t)targets[r];
      log_probabilities[r] =
          bias ? softmax_row(columns, bias, target, factor, row, rounded_row)
               : softmax_row(columns, NULL, target, factor, row, rounded_row);
    }
  }
}

/// ln Σ e^x of a row.
PIECE double row_normalizer(size_t columns, const float *bias, const float *row) {
  const float shift = row_shift(columns, bias, row);
  return shift + log(row_sum(columns, bias, shift, row, NULL));
}

KERNEL void log_sum_exp(size_t rows, size_t columns, const float *bias, const float *logits,
                        float *normalizers) {
  for (size_t r = 0; r < rows; r++) {
    const float *row = logits + r * columns;
    normalizers[r] = (float)(bias ? row_normalizer(columns, bias, row)
                                  : row_normalizer(columns, NULL, row));
  }
}

PIECE void normalize_part(size_t i, size_t n, const float *bias, float normalizer, float *row) {
  v_store(row + i, n, (v_some(row + i, n) + v_some_or_none(bias, i, n)) - normalizer);
}

KERNEL void log_softmax(size_t rows, size_t columns, const float *bias, float *logits) {
  for (size_t r = 0; r < rows; r++) {
    float *row = logits + r * columns;
    if (bias) {
      const float normalizer = (float)row_normalizer(columns, bias, row);
      FOR_VECTORS(columns, normalize_part, bias, normalizer, row);
    } else {
      const float normalizer = (float)row_normalizer(columns, NULL, row);
      FOR_VECTORS(columns, normalize_part, NULL, normalizer, row);
    }
  }
}

// --- Noise-contrastive estimation ------------------------------------------------------------------------------------

PIECE void noise_part(size_t i, size_t n, const float *offsets, float factor, float *row,
                      uint16_t *rounded, vec *sum) {
  const vec s = v_load_or(row + i, n, -INFINITY) + v_some(offsets + i, n);
  // u = e^−|s|; σ(s) is 1/(1 + u) or u/(1 + u), and −ln σ(−s) = max(s, 0) + ln(1 + u).
  const vec u = v_exp(-v_absolute(s));
  *sum += v_at_least(v_set(0), s) + v_log1p(u);
  const vec d = v_choose(s < 0.0f, u, v_set(1)) / (1.0f + u) * factor;
  v_store(row + i, n, d);
  v_store_bfloat16_if(rounded, i, n, d);
}

KERNEL double noise_loss(size_t rows, size_t columns, const float *offsets, float factor,
                         float *logits, uint16_t *rounded) {
  double total = 0;
  for (size_t r = 0; r < rows; r++)
    for (size_t start = 0; start < columns; start += SUMMED) {
      const size_t size = columns - start < SUMMED ? columns - start : SUMMED;
      const size_t at = r * columns + start;
      vec sum = v_set(0);
      FOR_VECTORS(size, noise_part, offsets + start, factor, logits + at,
                  rounded ? rounded + at : NULL, &sum);
      total += v_sum(sum);
    }
  return -total;
}
