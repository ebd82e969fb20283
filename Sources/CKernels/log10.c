#include "gramdex_tables.h"
// One rounding per operation on every CPU, so that tables do not depend on where they were built.
#pragma STDC FP_CONTRACT OFF

// x = m · 2^e with m in [√½, √2): log10 x = e·log10 2 + log10 m. log10 2 is split so that e times its
// high part is exact; ln m is the minimax polynomial of Cephes' logf.
// Values below the least normal float count as 0, whose logarithm is -99 by the convention of ARPA files.
static inline float log10_of(float value) {
  float x = value > 1.17549435e-38f ? value : 1.17549435e-38f;
  uint32_t bits;
  memcpy(&bits, &x, 4);
  const int32_t e = (int32_t)(bits - 0x3F3504F3u) >> 23;
  bits -= (uint32_t)e << 23;
  float m;
  memcpy(&m, &bits, 4);
  m -= 1.0f;
  const float z = m * m;
  float y = 7.0376836292e-2f;
  y = y * m - 1.1514610310e-1f;
  y = y * m + 1.1676998740e-1f;
  y = y * m - 1.2420140846e-1f;
  y = y * m + 1.4249322787e-1f;
  y = y * m - 1.6668057665e-1f;
  y = y * m + 2.0000714765e-1f;
  y = y * m - 2.4999993993e-1f;
  y = y * m + 3.3333331174e-1f;
  y = y * m * z - 0.5f * z;
  const float ln = m + y;
  const float exponent = (float)e;
  const float result = (exponent * 4.605038981e-6f + ln * 0.4342944819f) + exponent * 0.301025390625f;
  return value < 1.17549435e-38f ? -99.0f : result;
}

void gramdex_log10(float *values, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] = log10_of(values[i]);
}

void gramdex_log10_or_none(float *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const float x = values[i];
    const float logarithm = log10_of(x);
    values[i] = x == x ? logarithm : -0.0f;
  }
}
