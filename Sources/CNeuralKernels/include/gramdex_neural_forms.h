// The kernels of one form as a table, for tests that compare forms without choosing one for the whole process.
#ifndef GRAMDEX_NEURAL_FORMS_H
#define GRAMDEX_NEURAL_FORMS_H
#include "gramdex_neural.h"

/// The kernels, in the order of the public header.
#define GRAMDEX_NEURAL_EACH_KERNEL(X)                                                               \
  X(to_bfloat16) X(from_bfloat16) X(all_finite)                                                     \
  X(dot) X(add_scaled) X(scale) X(multiply) X(sum_of_squares) X(add_row) X(add_column_sums)         \
  X(dropout_mask)                                                                                   \
  X(activate) X(activate_backward) X(lstm) X(lstm_backward) X(gru) X(gru_backward)                  \
  X(softmax_loss) X(log_sum_exp) X(log_softmax) X(noise_loss)                                       \
  X(descend) X(adagrad) X(adam)

/// Its members are called as `gramdex_neural_<name>`.
typedef struct {
#define GRAMDEX_NEURAL_MEMBER(name) __typeof__(gramdex_neural_##name) *name;
  GRAMDEX_NEURAL_EACH_KERNEL(GRAMDEX_NEURAL_MEMBER)
#undef GRAMDEX_NEURAL_MEMBER
} gramdex_neural_kernels;

/// The kernels of a form; NULL when the processor does not have it.
const gramdex_neural_kernels *gramdex_neural_kernels_of(gramdex_neural_form form);

#endif
