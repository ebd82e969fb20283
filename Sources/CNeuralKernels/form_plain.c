// What every processor has: four lanes are one register of SSE2 and of NEON.
#define WIDTH 4
#define TARGET
#define TABLE gramdex_neural_plain
#include "all_kernels.h"
