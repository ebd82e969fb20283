#include "kernels.h"
#if GRAMDEX_NEURAL_X86
#define WIDTH 8
#define TARGET __attribute__((target("avx2,fma")))
#define LANES_AVX2
#define TABLE gramdex_neural_avx2
#include "all_kernels.h"
#endif
