// As form_avx512.c, but the processor rounds to bfloat16.
#include "kernels.h"
#if GRAMDEX_NEURAL_X86
#define WIDTH 16
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma")))
#define LANES_AVX512
#define LANES_BFLOAT16
#define TABLE gramdex_neural_avx512_bfloat16
#include "all_kernels.h"
#endif
