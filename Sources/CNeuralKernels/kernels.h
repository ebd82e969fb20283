// One form of all kernels, as a table.
#ifndef GRAMDEX_NEURAL_KERNELS_H
#define GRAMDEX_NEURAL_KERNELS_H
#include "gramdex_neural.h"

#if defined(__x86_64__)
#define GRAMDEX_NEURAL_X86 1
#else
#define GRAMDEX_NEURAL_X86 0
#endif

/// The kernels, in the order of the public header.
#define EACH_KERNEL(X)                                                                              \
  X(to_bfloat16) X(from_bfloat16) X(all_finite)                                                     \
  X(dot) X(add_scaled) X(scale) X(multiply) X(sum_of_squares) X(add_row) X(add_column_sums)         \
  X(dropout_mask)                                                                                   \
  X(activate) X(activate_backward) X(lstm) X(lstm_backward) X(gru) X(gru_backward)                  \
  X(softmax_loss) X(log_sum_exp) X(log_softmax) X(noise_loss)                                       \
  X(descend) X(adagrad) X(adam)

typedef struct {
#define MEMBER(name) __typeof__(gramdex_neural_##name) *name;
  EACH_KERNEL(MEMBER)
#undef MEMBER
} gramdex_neural_kernels;

extern const gramdex_neural_kernels gramdex_neural_plain;
#if GRAMDEX_NEURAL_X86
extern const gramdex_neural_kernels gramdex_neural_avx2, gramdex_neural_avx512,
    gramdex_neural_avx512_bfloat16;
#endif

#endif
