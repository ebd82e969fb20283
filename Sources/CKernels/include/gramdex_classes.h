// The loop of exchange clustering: what a class pair's count is worth, for all classes that a word may move to.
#ifndef GRAMDEX_CLASSES_H
#define GRAMDEX_CLASSES_H
#include <stddef.h>
#include <stdint.h>

/// Writes the terms of the counts 0 … count − 1: x · log2 x in units of 1 / `unit` bits, rounded to even.
void gramdex_entropy_fill(int64_t *terms, int64_t count, double unit);

/// The term of one count; `terms` holds those below `known`.
int64_t gramdex_entropy_term(const int64_t *terms, int64_t known, double unit, int64_t x);

/// For each of `classes` classes k, adds term(cells[k] + added) − term(cells[k]) to gains[k].
void gramdex_exchange_gains(const int64_t *terms, int64_t known, double unit, const int64_t *cells,
                            int64_t added, int64_t *gains, size_t classes);

#endif
