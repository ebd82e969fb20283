// The kernels of one form. A file that makes a form says its WIDTH, TARGET and instructions (lanes.h), names its
// TABLE, and includes this.
#include "kernels.h"

#include "cells.h"
#include "dropout.h"
#include "losses.h"
#include "numbers.h"
#include "updates.h"
#include "vectors.h"

const gramdex_neural_kernels TABLE = {
#define ENTRY(name) .name = name,
    GRAMDEX_NEURAL_EACH_KERNEL(ENTRY)
#undef ENTRY
};
