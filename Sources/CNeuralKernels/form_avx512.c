#include "kernels.h"
#if GRAMDEX_NEURAL_X86
#define WIDTH 16
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma")))
#define LANES_AVX512
#define TABLE gramdex_neural_avx512
#include "all_kernels.h"
#endif
