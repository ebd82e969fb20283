// Hidden units and recurrent cells: everything between the products, in one pass over the rows.
#include "functions.h"

// --- Hidden units --------------------------------------------------------------------------------------------------

PIECE vec function(gramdex_neural_activation f, vec z) {
  switch (f) {
    case GRAMDEX_NEURAL_SIGMOID: return v_sigmoid(z);
    case GRAMDEX_NEURAL_TANH: return v_tanh(z);
    case GRAMDEX_NEURAL_RELU: return v_at_least(v_set(0), z);
  }
  return z;
}

/// f'(z), told from y = f(z), times d.
PIECE vec derivative(gramdex_neural_activation f, vec y, vec d) {
  switch (f) {
    case GRAMDEX_NEURAL_SIGMOID: return d * (y * (1.0f - y));
    case GRAMDEX_NEURAL_TANH: return d * (1.0f - y * y);
    case GRAMDEX_NEURAL_RELU: return (vec)((ivec)d & (ivec)(y > 0.0f));
  }
  return d;
}

PIECE void activate_part(size_t i, size_t n, gramdex_neural_activation f, const float *bias,
                         float *values, uint16_t *rounded) {
  const vec y = function(f, v_some(values + i, n) + v_some_or_none(bias, i, n));
  v_store(values + i, n, y);
  v_store_bfloat16_if(rounded, i, n, y);
}

PIECE void activate_rows(size_t rows, size_t columns, gramdex_neural_activation f, const float *bias,
                         float *values, uint16_t *rounded) {
  for (size_t r = 0; r < rows; r++)
    FOR_VECTORS(columns, activate_part, f, bias, values + r * columns,
                rounded ? rounded + r * columns : NULL);
}

KERNEL void activate(size_t rows, size_t columns, gramdex_neural_activation f, const float *bias,
                     float *values, uint16_t *rounded) {
  switch (f) {
    case GRAMDEX_NEURAL_SIGMOID:
      return activate_rows(rows, columns, GRAMDEX_NEURAL_SIGMOID, bias, values, rounded);
    case GRAMDEX_NEURAL_TANH:
      return activate_rows(rows, columns, GRAMDEX_NEURAL_TANH, bias, values, rounded);
    case GRAMDEX_NEURAL_RELU:
      return activate_rows(rows, columns, GRAMDEX_NEURAL_RELU, bias, values, rounded);
  }
}

PIECE void activate_backward_part(size_t i, size_t n, gramdex_neural_activation f,
                                  const float *result, float *d_values, uint16_t *rounded) {
  const vec d = derivative(f, v_some(result + i, n), v_some(d_values + i, n));
  v_store(d_values + i, n, d);
  v_store_bfloat16_if(rounded, i, n, d);
}

KERNEL void activate_backward(size_t count, gramdex_neural_activation f, const float *result,
                              float *d_values, uint16_t *rounded) {
  FOR_VECTORS(count, activate_backward_part, f, result, d_values, rounded);
}

// --- Long short-term memory ------------------------------------------------------------------------------------------

/// One sequence's pieces of the arguments of `gramdex_neural_lstm` and its gradient; H hidden units.
typedef struct {
  size_t H;
  const float *bias, *before, *d_output;
  float *gates, *cell, *cell_tanh, *output, *d_cell;
  uint16_t *rounded;
} lstm_row;

PIECE void lstm_part(size_t j, size_t n, const lstm_row *row) {
  const size_t H = row->H;
  const float *bias = row->bias + j;
  float *gates = row->gates + j;
  const vec i = v_sigmoid(v_some(gates, n) + v_some(bias, n));
  const vec f = v_sigmoid(v_some(gates + H, n) + v_some(bias + H, n));
  const vec g = v_tanh(v_some(gates + 2 * H, n) + v_some(bias + 2 * H, n));
  const vec o = v_sigmoid(v_some(gates + 3 * H, n) + v_some(bias + 3 * H, n));
  v_store(gates, n, i);
  v_store(gates + H, n, f);
  v_store(gates + 2 * H, n, g);
  v_store(gates + 3 * H, n, o);
  const vec c = f * v_some(row->before + j, n) + i * g, t = v_tanh(c), h = o * t;
  v_store(row->cell + j, n, c);
  v_store(row->cell_tanh + j, n, t);
  v_store(row->output + j, n, h);
  v_store_bfloat16_if(row->rounded, j, n, h);
}

KERNEL void lstm(size_t rows, size_t hidden, const float *bias, const float *cell_before,
                 float *gates, float *cell, float *cell_tanh, float *output, uint16_t *rounded) {
  for (size_t r = 0; r < rows; r++) {
    const lstm_row row = {
        .H = hidden,
        .bias = bias,
        .before = cell_before + r * hidden,
        .gates = gates + r * 4 * hidden,
        .cell = cell + r * hidden,
        .cell_tanh = cell_tanh + r * hidden,
        .output = output + r * hidden,
        .rounded = rounded ? rounded + r * hidden : NULL,
    };
    FOR_VECTORS(hidden, lstm_part, &row);
  }
}

PIECE void lstm_backward_part(size_t j, size_t n, const lstm_row *row) {
  const size_t H = row->H;
  float *gates = row->gates + j;
  const vec i = v_some(gates, n), f = v_some(gates + H, n);
  const vec g = v_some(gates + 2 * H, n), o = v_some(gates + 3 * H, n);
  const vec t = v_some(row->cell_tanh + j, n), before = v_some(row->before + j, n);
  const vec d_h = v_some(row->d_output + j, n);
  const vec d_c = d_h * o * (1.0f - t * t) + v_some(row->d_cell + j, n);
  const vec d_i = d_c * g * (i * (1.0f - i)), d_f = d_c * before * (f * (1.0f - f));
  const vec d_g = d_c * i * (1.0f - g * g), d_o = d_h * t * (o * (1.0f - o));
  v_store(gates, n, d_i);
  v_store(gates + H, n, d_f);
  v_store(gates + 2 * H, n, d_g);
  v_store(gates + 3 * H, n, d_o);
  v_store(row->d_cell + j, n, d_c * f);
  if (!row->rounded) return;
  v_store_bfloat16(row->rounded + j, n, d_i);
  v_store_bfloat16(row->rounded + j + H, n, d_f);
  v_store_bfloat16(row->rounded + j + 2 * H, n, d_g);
  v_store_bfloat16(row->rounded + j + 3 * H, n, d_o);
}

KERNEL void lstm_backward(size_t rows, size_t hidden, const float *cell_before,
                          const float *cell_tanh, const float *d_output, float *d_cell,
                          float *gates, uint16_t *rounded) {
  for (size_t r = 0; r < rows; r++) {
    const lstm_row row = {
        .H = hidden,
        .before = cell_before + r * hidden,
        .d_output = d_output + r * hidden,
        .gates = gates + r * 4 * hidden,
        .cell_tanh = (float *)cell_tanh + r * hidden,
        .d_cell = d_cell + r * hidden,
        .rounded = rounded ? rounded + r * 4 * hidden : NULL,
    };
    FOR_VECTORS(hidden, lstm_backward_part, &row);
  }
}

// --- Gated recurrent unit ----------------------------------------------------------------------------------------------

/// One sequence's pieces of the arguments of `gramdex_neural_gru` and its gradient; H hidden units.
typedef struct {
  size_t H;
  const float *input_bias, *recurrent_bias, *before, *d_output;
  float *input, *recurrent, *output, *d_before;
  uint16_t *rounded, *recurrent_rounded;
} gru_row;

/// A gate's sum: W x + U h and both biases.
PIECE vec gru_sum(const gru_row *row, size_t at, size_t n) {
  return (v_some(row->input + at, n) + v_some(row->input_bias + at, n)) +
         (v_some(row->recurrent + at, n) + v_some(row->recurrent_bias + at, n));
}

PIECE void gru_part(size_t j, size_t n, const gru_row *row) {
  const size_t H = row->H, at = 2 * H + j;
  const vec r = v_sigmoid(gru_sum(row, j, n)), z = v_sigmoid(gru_sum(row, H + j, n));
  const vec h_n = v_some(row->recurrent + at, n) + v_some(row->recurrent_bias + at, n);
  const vec x_n = v_some(row->input + at, n) + v_some(row->input_bias + at, n);
  const vec new = v_tanh(r * h_n + x_n);
  v_store(row->input + j, n, r);
  v_store(row->input + H + j, n, z);
  v_store(row->input + at, n, new);
  v_store(row->recurrent + at, n, h_n);
  const vec h = z * (v_some(row->before + j, n) - new) + new;
  v_store(row->output + j, n, h);
  v_store_bfloat16_if(row->rounded, j, n, h);
}

KERNEL void gru(size_t rows, size_t hidden, const float *input_bias, const float *recurrent_bias,
                const float *before, float *input, float *recurrent, float *output,
                uint16_t *rounded) {
  for (size_t r = 0; r < rows; r++) {
    const gru_row row = {
        .H = hidden,
        .input_bias = input_bias,
        .recurrent_bias = recurrent_bias,
        .before = before + r * hidden,
        .input = input + r * 3 * hidden,
        .recurrent = recurrent + r * 3 * hidden,
        .output = output + r * hidden,
        .rounded = rounded ? rounded + r * hidden : NULL,
    };
    FOR_VECTORS(hidden, gru_part, &row);
  }
}

PIECE void gru_store(float *values, uint16_t *rounded, size_t at, size_t n, vec x) {
  v_store(values + at, n, x);
  v_store_bfloat16_if(rounded, at, n, x);
}

PIECE void gru_backward_part(size_t j, size_t n, const gru_row *row) {
  const size_t H = row->H, at = 2 * H + j;
  const vec r = v_some(row->input + j, n), z = v_some(row->input + H + j, n);
  const vec new = v_some(row->input + at, n), h_n = v_some(row->recurrent + at, n);
  const vec d = v_some(row->d_output + j, n);
  const vec d_new = d * (1.0f - z) * (1.0f - new * new);
  const vec d_z = d * (v_some(row->before + j, n) - new) * (z * (1.0f - z));
  const vec d_r = d_new * h_n * (r * (1.0f - r));
  gru_store(row->input, row->rounded, j, n, d_r);
  gru_store(row->input, row->rounded, H + j, n, d_z);
  gru_store(row->input, row->rounded, at, n, d_new);
  gru_store(row->recurrent, row->recurrent_rounded, j, n, d_r);
  gru_store(row->recurrent, row->recurrent_rounded, H + j, n, d_z);
  gru_store(row->recurrent, row->recurrent_rounded, at, n, d_new * r);
  v_store(row->d_before + j, n, z * d);
}

KERNEL void gru_backward(size_t rows, size_t hidden, const float *before, const float *d_output,
                         float *input, float *recurrent, float *d_before, uint16_t *input_rounded,
                         uint16_t *recurrent_rounded) {
  for (size_t r = 0; r < rows; r++) {
    const gru_row row = {
        .H = hidden,
        .before = before + r * hidden,
        .d_output = d_output + r * hidden,
        .input = input + r * 3 * hidden,
        .recurrent = recurrent + r * 3 * hidden,
        .d_before = d_before + r * hidden,
        .rounded = input_rounded ? input_rounded + r * 3 * hidden : NULL,
        .recurrent_rounded = recurrent_rounded ? recurrent_rounded + r * 3 * hidden : NULL,
    };
    FOR_VECTORS(hidden, gru_backward_part, &row);
  }
}
