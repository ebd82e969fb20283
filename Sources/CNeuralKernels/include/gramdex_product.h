// Products of matrices by oneDNN, versions 2 and 3: C [m × n] = A [m × k] · B [k × n], or C += A · B.
//
// A product is made once for its shapes and run many times, by one thread at a time. oneDNN's own OpenMP threads are limited to
// one in every thread that makes or runs a product.
#ifndef GRAMDEX_PRODUCT_H
#define GRAMDEX_PRODUCT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What is needed to make and run products, by one thread at a time.
typedef struct gramdex_products gramdex_products;
/// A product of given shapes.
typedef struct gramdex_product gramdex_product;

/// Shapes of a product. Strides are in elements; one of a matrix's two is 1.
typedef struct gramdex_product_shape {
  int64_t m, n, k;
  int64_t a_row_stride, a_column_stride;
  int64_t b_row_stride, b_column_stride;
  int64_t c_row_stride;
  /// Whether A and B are bfloat16 numbers; C is always float.
  bool is_bfloat16;
  /// Whether C is added to.
  bool accumulates;
  /// Whether B is given in the layout that oneDNN likes best, as `gramdex_product_pack` writes it.
  bool is_packed;
} gramdex_product_shape;

/// 0, or oneDNN's status.
int gramdex_products_create(gramdex_products **products);
void gramdex_products_destroy(gramdex_products *products);

/// Makes a product; 0, or oneDNN's status. A packed product takes B in the layout of `like`, unless that is NULL.
int gramdex_product_create(gramdex_products *products, const gramdex_product_shape *shape,
                           const gramdex_product *like, gramdex_product **product);
void gramdex_product_destroy(gramdex_product *product);
/// Runs a product; 0, or oneDNN's status.
int gramdex_product_run(gramdex_products *products, gramdex_product *product, const void *a, const void *b,
                        float *c);

/// How many bytes B takes once packed.
size_t gramdex_product_packed_bytes(const gramdex_product *product);
/// Writes B, whose strides are those of the shape, in the layout that a packed product takes; 0, or oneDNN's status.
int gramdex_product_pack(gramdex_products *products, gramdex_product *product, const void *b, void *packed);

/// The version of oneDNN: major · 10,000 + minor · 100 + patch.
int gramdex_product_library_version(void);
/// The instructions that oneDNN uses on this processor, such as "avx512_core_bf16"; a constant.
const char *gramdex_product_library_instructions(void);

#endif
