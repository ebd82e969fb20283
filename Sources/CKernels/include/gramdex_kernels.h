// What Swift cannot express.
#ifndef GRAMDEX_KERNELS_H
#define GRAMDEX_KERNELS_H
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// Asks the cache for the line at `address`; never faults.
static inline void gramdex_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }

#endif
