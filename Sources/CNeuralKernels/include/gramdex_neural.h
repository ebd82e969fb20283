// The arithmetic of neural networks that oneDNN lacks: gates of recurrent cells, losses, updates of parameters.
//
// All matrices are row-major 32-bit floats, `rows` × `columns` without gaps unless a stride is given; pointers need no
// alignment. Each function has a plain form and forms for AVX2 and AVX-512, chosen once by what the processor has;
// `gramdex_neural_use` chooses by hand, for tests. Forms may differ in the last bits: results are the same bytes on the
// same kind of processor. A row's result never depends on which other rows are computed with it.
#ifndef GRAMDEX_NEURAL_H
#define GRAMDEX_NEURAL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The forms of the kernels, from the plainest on.
typedef enum gramdex_neural_form {
  GRAMDEX_NEURAL_PLAIN = 0,
  GRAMDEX_NEURAL_AVX2 = 1,
  GRAMDEX_NEURAL_AVX512 = 2,
  /// The same with the processor's own rounding to bfloat16 (AVX512_BF16); its results are the same bytes.
  GRAMDEX_NEURAL_AVX512_BFLOAT16 = 3,
} gramdex_neural_form;

/// The best form that this processor has.
gramdex_neural_form gramdex_neural_best_form(void);
/// The form in use: the best one, unless `gramdex_neural_use` chose another.
gramdex_neural_form gramdex_neural_form_in_use(void);
/// Chooses a form; false, and nothing changes, when the processor does not have it. Not while kernels run.
bool gramdex_neural_use(gramdex_neural_form form);
/// Whether the processor multiplies bfloat16 numbers (AVX512_BF16), so that bfloat16 products are faster than float ones.
bool gramdex_neural_has_bfloat16(void);
/// Whether that is so, and they really are faster: on Intel's processors (without tiles, which are not used here) products of bfloat16
/// numbers take longer than those of floats (decisions/018).
bool gramdex_neural_prefers_bfloat16(void);

/// The functions of a hidden unit.
typedef enum gramdex_neural_activation {
  GRAMDEX_NEURAL_SIGMOID = 0,
  GRAMDEX_NEURAL_TANH = 1,
  GRAMDEX_NEURAL_RELU = 2,
} gramdex_neural_activation;

// --- Numbers -------------------------------------------------------------------------------------------------------

/// Rounds to bfloat16, to nearest even; NaN stays NaN. Numbers below the least normal one (1.18e-38) become 0 of their
/// sign, in every form, because the processor's instruction does that. So do all functions with a `rounded`.
void gramdex_neural_to_bfloat16(size_t count, const float *values, uint16_t *rounded);
/// Widens bfloat16 numbers.
void gramdex_neural_from_bfloat16(size_t count, const uint16_t *values, float *widened);
/// Whether all values are finite.
bool gramdex_neural_all_finite(size_t count, const float *values);

// --- Vectors -------------------------------------------------------------------------------------------------------

/// Σ x·y.
float gramdex_neural_dot(size_t count, const float *x, const float *y);
/// y += factor · x.
void gramdex_neural_add_scaled(size_t count, float factor, const float *x, float *y);
/// x *= factor.
void gramdex_neural_scale(size_t count, float factor, float *x);
/// x *= y, element by element.
void gramdex_neural_multiply(size_t count, const float *y, float *x);
/// Σ x², summed in double precision in a fixed order.
double gramdex_neural_sum_of_squares(size_t count, const float *x);
/// x[r][c] += row[c].
void gramdex_neural_add_row(size_t rows, size_t columns, const float *row, float *x);
/// sums[c] += Σ_r x[r][c].
void gramdex_neural_add_column_sums(size_t rows, size_t columns, const float *x, float *sums);

// --- Dropout -------------------------------------------------------------------------------------------------------

/// mask[i] = 0 with probability `rate`, else 1 / (1 − rate), by a hash of `key` and `first` + i: the same on all
/// processors, whatever the split into calls. `rate` is in [0, 1).
void gramdex_neural_dropout_mask(size_t count, uint64_t key, uint64_t first, float rate, float *mask);

// --- Hidden units: Y = f(Z + b) ------------------------------------------------------------------------------------

/// values[r][c] = f(values[r][c] + bias[c]); `bias` may be NULL. When `rounded` is not NULL it receives the result as bfloat16.
void gramdex_neural_activate(size_t rows, size_t columns, gramdex_neural_activation f, const float *bias,
                             float *values, uint16_t *rounded);
/// d_values[i] *= f'(z_i), told from the result f(z_i); `rounded` as above.
void gramdex_neural_activate_backward(size_t count, gramdex_neural_activation f, const float *result,
                                      float *d_values, uint16_t *rounded);

// --- Long short-term memory (Hochreiter & Schmidhuber 1997, with forget gates; gates in the order i, f, g, o) ----------

/// One step of `rows` sequences.
/// - gates [rows × 4·hidden]: in, W x + U h without the bias; out, σ(i), σ(f), tanh(g), σ(o).
/// - bias [4·hidden].
/// - cell_before, cell [rows × hidden]: c_{t−1}; receives c_t = f·c_{t−1} + i·g.
/// - cell_tanh, output [rows × hidden]: receive tanh(c_t) and h_t = o·tanh(c_t); `rounded` h_t as bfloat16 unless NULL.
void gramdex_neural_lstm(size_t rows, size_t hidden, const float *bias, const float *cell_before, float *gates,
                         float *cell, float *cell_tanh, float *output, uint16_t *rounded);
/// Its gradient.
/// - gates: in, the activated gates; out, the gradient with respect to the sums W x + U h + b; `rounded` the same.
/// - d_output [rows × hidden]: the gradient with respect to h_t.
/// - d_cell: in, the gradient with respect to c_t from later steps; out, with respect to c_{t−1}.
void gramdex_neural_lstm_backward(size_t rows, size_t hidden, const float *cell_before, const float *cell_tanh,
                                  const float *d_output, float *d_cell, float *gates, uint16_t *rounded);

// --- Gated recurrent unit (Cho 2014, in the form of cuDNN and PyTorch; gates in the order r, z, n) ---------------------

/// One step: r = σ(x_r + h_r), z = σ(x_z + h_z), n = tanh(x_n + r·h_n), h_t = (1 − z)·n + z·h_{t−1}.
/// - input [rows × 3·hidden]: in, W x without its bias; out, r, z and n.
/// - recurrent [rows × 3·hidden]: in, U h_{t−1} without its bias; out, its last third is h_n with its bias.
/// - input_bias, recurrent_bias [3·hidden]; before, output [rows × hidden]; `rounded` h_t as bfloat16 unless NULL.
void gramdex_neural_gru(size_t rows, size_t hidden, const float *input_bias, const float *recurrent_bias,
                        const float *before, float *input, float *recurrent, float *output, uint16_t *rounded);
/// Its gradient.
/// - input: in, r, z, n; out, the gradient with respect to W x + b. recurrent: in, h_n in its last third; out, the
///   gradient with respect to U h + b. `input_rounded`, `recurrent_rounded` the same as bfloat16 unless NULL.
/// - d_output: the gradient with respect to h_t. d_before: receives its part that goes past the gates, z·d_output.
void gramdex_neural_gru_backward(size_t rows, size_t hidden, const float *before, const float *d_output,
                                 float *input, float *recurrent, float *d_before, uint16_t *input_rounded,
                                 uint16_t *recurrent_rounded);

// --- Losses --------------------------------------------------------------------------------------------------------

/// The cross-entropy of a soft-max, in nats, and its gradient.
/// - logits [rows × columns]: in, without the bias; out, factor · (softmax − one-hot of the target).
/// - bias [columns], or NULL. targets [rows]: columns; a negative target leaves its row's gradient 0 and its result 0.
/// - log_probabilities [rows]: receives ln P(target). `rounded`: receives the gradient as bfloat16 too, unless NULL.
void gramdex_neural_softmax_loss(size_t rows, size_t columns, const float *bias, const int32_t *targets,
                                 float factor, float *logits, float *log_probabilities, uint16_t *rounded);
/// normalizers[r] = ln Σ_c exp(logits[r][c] + bias[c]).
void gramdex_neural_log_sum_exp(size_t rows, size_t columns, const float *bias, const float *logits,
                                float *normalizers);
/// logits[r][c] += bias[c] − ln Σ_c exp(logits[r][c] + bias[c]).
void gramdex_neural_log_softmax(size_t rows, size_t columns, const float *bias, float *logits);
/// Noise samples of noise-contrastive estimation (Gutmann & Hyvärinen 2010).
/// - logits [rows × columns]: in, scores without the offsets; out, factor · σ(logits + offsets).
/// - offsets [columns]: bias − ln(k q(word)).
/// Returns Σ ln σ(−(logits + offsets)), in double precision.
double gramdex_neural_noise_loss(size_t rows, size_t columns, const float *offsets, float factor, float *logits,
                                 uint16_t *rounded);

// --- Updates of parameters; the gradient is multiplied by `factor` first -----------------------------------------------

/// value −= rate · g.
void gramdex_neural_descend(size_t count, float rate, float factor, const float *gradient, float *value);
/// squares += g²; value −= rate · g / √(squares + 1e-8) (Duchi 2011).
void gramdex_neural_adagrad(size_t count, float rate, float factor, const float *gradient, float *squares,
                            float *value);
/// Adam (Kingma & Ba 2015): `rate` and `epsilon` already hold the corrections of the step's bias.
/// mean = first·mean + (1 − first)·g; squares = second·squares + (1 − second)·g²; value −= rate·mean/(√squares + epsilon).
/// 1 − first and 1 − second are taken in double precision.
void gramdex_neural_adam(size_t count, float rate, double first, double second, float epsilon, float factor,
                         const float *gradient, float *mean, float *squares, float *value);

#endif
