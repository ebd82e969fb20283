// The form of the kernels that is used: the best one that the processor has, found by the first call.
#include <stdatomic.h>

#include "kernels.h"

/// Whether the processor, and the operating system, have the instructions of a form.
static bool is_available(gramdex_neural_form form) {
#if GRAMDEX_NEURAL_X86
  __builtin_cpu_init();
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("fma");
  switch (form) {
    case GRAMDEX_NEURAL_PLAIN: return true;
    case GRAMDEX_NEURAL_AVX2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case GRAMDEX_NEURAL_AVX512: return avx512;
    case GRAMDEX_NEURAL_AVX512_BFLOAT16: return avx512 && __builtin_cpu_supports("avx512bf16");
  }
  return false;
#else
  return form == GRAMDEX_NEURAL_PLAIN;
#endif
}

static const gramdex_neural_kernels *const forms[] = {
    [GRAMDEX_NEURAL_PLAIN] = &gramdex_neural_plain,
#if GRAMDEX_NEURAL_X86
    [GRAMDEX_NEURAL_AVX2] = &gramdex_neural_avx2,
    [GRAMDEX_NEURAL_AVX512] = &gramdex_neural_avx512,
    [GRAMDEX_NEURAL_AVX512_BFLOAT16] = &gramdex_neural_avx512_bfloat16,
#endif
};

/// The kernels in use; NULL before the first call. Threads that meet there find the same.
static const gramdex_neural_kernels *_Atomic chosen;

static const gramdex_neural_kernels *kernels(void) {
  const gramdex_neural_kernels *found = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (!found) {
    const gramdex_neural_kernels *best = forms[gramdex_neural_best_form()];
    if (atomic_compare_exchange_strong(&chosen, &found, best)) found = best;
  }
  return found;
}

gramdex_neural_form gramdex_neural_best_form(void) {
  gramdex_neural_form form = GRAMDEX_NEURAL_AVX512_BFLOAT16;
  while (!is_available(form)) form--;
  return form;
}

gramdex_neural_form gramdex_neural_form_in_use(void) {
  const gramdex_neural_kernels *used = kernels();
  gramdex_neural_form form = GRAMDEX_NEURAL_PLAIN;
  while (forms[form] != used) form++;
  return form;
}

bool gramdex_neural_use(gramdex_neural_form form) {
  if (!is_available(form)) return false;
  atomic_store_explicit(&chosen, forms[form], memory_order_relaxed);
  return true;
}

const gramdex_neural_kernels *gramdex_neural_kernels_of(gramdex_neural_form form) {
  return is_available(form) ? forms[form] : NULL;
}

bool gramdex_neural_has_bfloat16(void) { return is_available(GRAMDEX_NEURAL_AVX512_BFLOAT16); }

bool gramdex_neural_prefers_bfloat16(void) {
#if defined(__x86_64__)
  return gramdex_neural_has_bfloat16() && !__builtin_cpu_is("intel");
#else
  return false;
#endif
}

// --- The public functions, in the order of the header --------------------------------------------------------------------

void gramdex_neural_to_bfloat16(size_t count, const float *values, uint16_t *rounded) {
  kernels()->to_bfloat16(count, values, rounded);
}

void gramdex_neural_from_bfloat16(size_t count, const uint16_t *values, float *widened) {
  kernels()->from_bfloat16(count, values, widened);
}

bool gramdex_neural_all_finite(size_t count, const float *values) {
  return kernels()->all_finite(count, values);
}

float gramdex_neural_dot(size_t count, const float *x, const float *y) {
  return kernels()->dot(count, x, y);
}

void gramdex_neural_add_scaled(size_t count, float factor, const float *x, float *y) {
  kernels()->add_scaled(count, factor, x, y);
}

void gramdex_neural_scale(size_t count, float factor, float *x) {
  kernels()->scale(count, factor, x);
}

void gramdex_neural_multiply(size_t count, const float *y, float *x) {
  kernels()->multiply(count, y, x);
}

double gramdex_neural_sum_of_squares(size_t count, const float *x) {
  return kernels()->sum_of_squares(count, x);
}

void gramdex_neural_add_row(size_t rows, size_t columns, const float *row, float *x) {
  kernels()->add_row(rows, columns, row, x);
}

void gramdex_neural_add_column_sums(size_t rows, size_t columns, const float *x, float *sums) {
  kernels()->add_column_sums(rows, columns, x, sums);
}

void gramdex_neural_dropout_mask(size_t count, uint64_t key, uint64_t first, float rate,
                                 float *mask) {
  kernels()->dropout_mask(count, key, first, rate, mask);
}

void gramdex_neural_activate(size_t rows, size_t columns, gramdex_neural_activation f,
                             const float *bias, float *values, uint16_t *rounded) {
  kernels()->activate(rows, columns, f, bias, values, rounded);
}

void gramdex_neural_activate_backward(size_t count, gramdex_neural_activation f,
                                      const float *result, float *d_values, uint16_t *rounded) {
  kernels()->activate_backward(count, f, result, d_values, rounded);
}

void gramdex_neural_lstm(size_t rows, size_t hidden, const float *bias, const float *cell_before,
                         float *gates, float *cell, float *cell_tanh, float *output,
                         uint16_t *rounded) {
  kernels()->lstm(rows, hidden, bias, cell_before, gates, cell, cell_tanh, output, rounded);
}

void gramdex_neural_lstm_backward(size_t rows, size_t hidden, const float *cell_before,
                                  const float *cell_tanh, const float *d_output, float *d_cell,
                                  float *gates, uint16_t *rounded) {
  kernels()->lstm_backward(rows, hidden, cell_before, cell_tanh, d_output, d_cell, gates, rounded);
}

void gramdex_neural_gru(size_t rows, size_t hidden, const float *input_bias,
                        const float *recurrent_bias, const float *before, float *input,
                        float *recurrent, float *output, uint16_t *rounded) {
  kernels()->gru(rows, hidden, input_bias, recurrent_bias, before, input, recurrent, output,
                 rounded);
}

void gramdex_neural_gru_backward(size_t rows, size_t hidden, const float *before,
                                 const float *d_output, float *input, float *recurrent,
                                 float *d_before, uint16_t *input_rounded,
                                 uint16_t *recurrent_rounded) {
  kernels()->gru_backward(rows, hidden, before, d_output, input, recurrent, d_before, input_rounded,
                          recurrent_rounded);
}

void gramdex_neural_softmax_loss(size_t rows, size_t columns, const float *bias,
                                 const int32_t *targets, float factor, float *logits,
                                 float *log_probabilities, uint16_t *rounded) {
  kernels()->softmax_loss(rows, columns, bias, targets, factor, logits, log_probabilities, rounded);
}

void gramdex_neural_log_sum_exp(size_t rows, size_t columns, const float *bias, const float *logits,
                                float *normalizers) {
  kernels()->log_sum_exp(rows, columns, bias, logits, normalizers);
}

void gramdex_neural_log_softmax(size_t rows, size_t columns, const float *bias, float *logits) {
  kernels()->log_softmax(rows, columns, bias, logits);
}

double gramdex_neural_noise_loss(size_t rows, size_t columns, const float *offsets, float factor,
                                 float *logits, uint16_t *rounded) {
  return kernels()->noise_loss(rows, columns, offsets, factor, logits, rounded);
}

void gramdex_neural_descend(size_t count, float rate, float factor, const float *gradient,
                            float *value) {
  kernels()->descend(count, rate, factor, gradient, value);
}

void gramdex_neural_adagrad(size_t count, float rate, float factor, const float *gradient,
                            float *squares, float *value) {
  kernels()->adagrad(count, rate, factor, gradient, squares, value);
}

void gramdex_neural_adam(size_t count, float rate, double first, double second, float epsilon,
                         float factor, const float *gradient, float *mean, float *squares,
                         float *value) {
  kernels()->adam(count, rate, first, second, epsilon, factor, gradient, mean, squares, value);
}
