#include "gramdex_neural.h"
