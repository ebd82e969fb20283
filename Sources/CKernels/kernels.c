#include "gramdex_kernels.h"
