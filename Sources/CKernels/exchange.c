#include "gramdex_classes.h"

#include <math.h>
// One rounding per operation on every CPU, so that classes do not depend on where they were found.
#pragma STDC FP_CONTRACT OFF

static int64_t compute(double unit, int64_t x) {
  const double value = (double)x;
  return x > 1 ? (int64_t)nearbyint(value * log2(value) * unit) : 0;
}

void gramdex_entropy_fill(int64_t *terms, int64_t count, double unit) {
  for (int64_t x = 0; x < count; x++) terms[x] = compute(unit, x);
}

static inline int64_t term(const int64_t *terms, int64_t known, double unit, int64_t x) {
  return __builtin_expect(x < known, 1) ? terms[x] : compute(unit, x);
}

int64_t gramdex_entropy_term(const int64_t *terms, int64_t known, double unit, int64_t x) {
  return term(terms, known, unit, x);
}

void gramdex_exchange_gains(const int64_t *terms, int64_t known, double unit, const int64_t *cells,
                            int64_t added, int64_t *gains, size_t classes) {
  for (size_t k = 0; k < classes; k++) {
    const int64_t x = cells[k];
    gains[k] += term(terms, known, unit, x + added) - term(terms, known, unit, x);
  }
}
