// Sums and products of vectors.
#include "lanes.h"

/// Vectors summed side by side, so that an addition need not wait for the one before.
enum { BESIDE = 4 };

KERNEL float dot(size_t count, const float *x, const float *y) {
  vec sums[BESIDE] = {0};
  size_t i = 0;
  for (; i + BESIDE * WIDTH <= count; i += BESIDE * WIDTH)
    for (size_t k = 0; k < BESIDE; k++)
      sums[k] = v_load(x + i + k * WIDTH) * v_load(y + i + k * WIDTH) + sums[k];
  for (; i < count; i += WIDTH) {
    const size_t n = count - i < WIDTH ? count - i : WIDTH;
    sums[0] = v_some(x + i, n) * v_some(y + i, n) + sums[0];
  }
  return v_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

PIECE void add_scaled_part(size_t i, size_t n, float factor, const float *x, float *y) {
  v_store(y + i, n, v_some(x + i, n) * factor + v_some(y + i, n));
}

KERNEL void add_scaled(size_t count, float factor, const float *x, float *y) {
  FOR_VECTORS(count, add_scaled_part, factor, x, y);
}

PIECE void scale_part(size_t i, size_t n, float factor, float *x) {
  v_store(x + i, n, v_some(x + i, n) * factor);
}

KERNEL void scale(size_t count, float factor, float *x) {
  FOR_VECTORS(count, scale_part, factor, x);
}

PIECE void multiply_part(size_t i, size_t n, const float *y, float *x) {
  v_store(x + i, n, v_some(x + i, n) * v_some(y + i, n));
}

KERNEL void multiply(size_t count, const float *y, float *x) {
  FOR_VECTORS(count, multiply_part, y, x);
}

KERNEL double sum_of_squares(size_t count, const float *x) {
  // The square of a float is exact in double precision.
  typedef double wide __attribute__((vector_size(8 * WIDTH)));
  wide sums[2] = {0};
  size_t i = 0;
  for (; i + 2 * WIDTH <= count; i += 2 * WIDTH)
    for (size_t k = 0; k < 2; k++) {
      const wide values = __builtin_convertvector(v_load(x + i + k * WIDTH), wide);
      sums[k] = values * values + sums[k];
    }
  for (; i < count; i += WIDTH) {
    const vec rest = v_some(x + i, count - i < WIDTH ? count - i : WIDTH);
    const wide values = __builtin_convertvector(rest, wide);
    sums[0] = values * values + sums[0];
  }
  const wide both = sums[0] + sums[1];
  double sum = 0;
  for (int lane = 0; lane < WIDTH; lane++) sum += both[lane];
  return sum;
}

PIECE void add_part(size_t i, size_t n, const float *y, float *x) {
  v_store(x + i, n, v_some(x + i, n) + v_some(y + i, n));
}

KERNEL void add_row(size_t rows, size_t columns, const float *row, float *x) {
  for (size_t r = 0; r < rows; r++) FOR_VECTORS(columns, add_part, row, x + r * columns);
}

KERNEL void add_column_sums(size_t rows, size_t columns, const float *x, float *sums) {
  // Columns side by side, rows in turn.
  size_t c = 0;
  for (; c + BESIDE * WIDTH <= columns; c += BESIDE * WIDTH) {
    vec totals[BESIDE];
    for (size_t k = 0; k < BESIDE; k++) totals[k] = v_load(sums + c + k * WIDTH);
    for (size_t r = 0; r < rows; r++)
      for (size_t k = 0; k < BESIDE; k++) totals[k] += v_load(x + r * columns + c + k * WIDTH);
    for (size_t k = 0; k < BESIDE; k++) v_store(sums + c + k * WIDTH, WIDTH, totals[k]);
  }
  for (; c < columns; c += WIDTH) {
    const size_t n = columns - c < WIDTH ? columns - c : WIDTH;
    vec total = v_some(sums + c, n);
    for (size_t r = 0; r < rows; r++) total += v_some(x + r * columns + c, n);
    v_store(sums + c, n, total);
  }
}
