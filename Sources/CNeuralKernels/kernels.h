// The forms that are compiled for this processor.
#ifndef GRAMDEX_NEURAL_KERNELS_H
#define GRAMDEX_NEURAL_KERNELS_H
#include "gramdex_neural_forms.h"

#if defined(__x86_64__)
#define GRAMDEX_NEURAL_X86 1
#else
#define GRAMDEX_NEURAL_X86 0
#endif

extern const gramdex_neural_kernels gramdex_neural_plain;
#if GRAMDEX_NEURAL_X86
extern const gramdex_neural_kernels gramdex_neural_avx2, gramdex_neural_avx512,
    gramdex_neural_avx512_bfloat16;
#endif

#endif
