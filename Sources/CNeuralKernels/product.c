#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "gramdex_product.h"
#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>
#include <stdlib.h>
#include <string.h>

struct gramdex_products {
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  /// What primitives use while they run, as large as any of them asked for: with memory of their own a primitive may run in
  /// another thread than the one that made it.
  void *scratch;
  size_t scratch_bytes;
};

struct gramdex_product {
  dnnl_primitive_t primitive;
  dnnl_memory_t a, b, c, scratch;
  /// The layout of B that the product takes, and the plain one.
  dnnl_memory_desc_t b_layout, b_plain;
  bool is_packed;
  /// Rewrites B; NULL until it is needed.
  dnnl_primitive_t reorder;
  dnnl_memory_t plain, packed;
};

#if DNNL_VERSION_MAJOR >= 3
#define LAYOUT(x) (x)
#else
#define LAYOUT(x) (&(x))
#endif

#define CHECK(call)                                                                                          \
  do {                                                                                                       \
    status = (call);                                                                                         \
    if (status != dnnl_success) goto failed;                                                                 \
  } while (0)

int gramdex_product_library_version(void) {
  const dnnl_version_t *version = dnnl_version();
  return version->major * 10000 + version->minor * 100 + version->patch;
}

const char *gramdex_product_library_instructions(void) {
  const char *name = dnnl_cpu_isa2str(dnnl_get_effective_cpu_isa());
  const char *prefix = "cpu_isa_";
  return strncmp(name, prefix, strlen(prefix)) == 0 ? name + strlen(prefix) : name;
}

/// One OpenMP thread for whatever this thread runs. The library may have been built without OpenMP.
static void limit_threads(void) {
  static _Thread_local bool is_limited = false;
  if (is_limited) return;
  is_limited = true;
  void (*set_threads)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
  if (set_threads) set_threads(1);
}

int gramdex_products_create(gramdex_products **products) {
  dnnl_status_t status = dnnl_out_of_memory;
  limit_threads();
  gramdex_products *made = calloc(1, sizeof *made);
  if (!made) return status;
  CHECK(dnnl_engine_create(&made->engine, dnnl_cpu, 0));
  CHECK(dnnl_stream_create(&made->stream, made->engine, dnnl_stream_default_flags));
  *products = made;
  return dnnl_success;
failed:
  gramdex_products_destroy(made);
  return status;
}

void gramdex_products_destroy(gramdex_products *products) {
  if (!products) return;
  if (products->stream) dnnl_stream_destroy(products->stream);
  if (products->engine) dnnl_engine_destroy(products->engine);
  free(products->scratch);
  free(products);
}

static dnnl_status_t strided(dnnl_memory_desc_t *layout, int64_t rows, int64_t columns, dnnl_data_type_t type,
                             int64_t row_stride, int64_t column_stride) {
  dnnl_dims_t sizes = {rows, columns};
  dnnl_dims_t strides = {row_stride, column_stride};
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_create_with_strides(layout, 2, sizes, type, strides);
#else
  return dnnl_memory_desc_init_by_strides(layout, 2, sizes, type, strides);
#endif
}

static dnnl_status_t any_layout(dnnl_memory_desc_t *layout, int64_t rows, int64_t columns,
                                dnnl_data_type_t type) {
  dnnl_dims_t sizes = {rows, columns};
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_create_with_tag(layout, 2, sizes, type, dnnl_format_tag_any);
#else
  return dnnl_memory_desc_init_by_tag(layout, 2, sizes, type, dnnl_format_tag_any);
#endif
}

static dnnl_status_t copy_layout(dnnl_memory_desc_t *copy, const dnnl_memory_desc_t *layout) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_clone(copy, *layout);
#else
  *copy = *layout;
  return dnnl_success;
#endif
}

static void forget_layout(dnnl_memory_desc_t *layout) {
#if DNNL_VERSION_MAJOR >= 3
  if (*layout) dnnl_memory_desc_destroy(*layout);
  *layout = NULL;
#else
  (void)layout;
#endif
}

static dnnl_status_t describe(gramdex_products *products, dnnl_memory_desc_t *a, dnnl_memory_desc_t *b,
                              dnnl_memory_desc_t *c, dnnl_primitive_attr_t attributes,
                              dnnl_primitive_desc_t *description) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_matmul_primitive_desc_create(description, products->engine, *a, *b, NULL, *c, attributes);
#else
  dnnl_matmul_desc_t operation;
  dnnl_status_t status = dnnl_matmul_desc_init(&operation, a, b, NULL, c);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(description, &operation, attributes, products->engine, NULL);
#endif
}

/// The memory that a product uses while it runs.
static dnnl_status_t make_scratch(gramdex_products *products, gramdex_product *product,
                                  const_dnnl_primitive_desc_t description) {
#if DNNL_VERSION_MAJOR >= 3
  const_dnnl_memory_desc_t layout =
#else
  const dnnl_memory_desc_t *layout =
#endif
      dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0);
  size_t bytes = layout ? dnnl_memory_desc_get_size(layout) : 0;
  if (bytes == 0) return dnnl_success;
  if (bytes > products->scratch_bytes) {
    size_t rounded = (bytes + 4095) / 4096 * 4096;
    void *larger = aligned_alloc(4096, rounded);
    if (!larger) return dnnl_out_of_memory;
    free(products->scratch);
    products->scratch = larger;
    products->scratch_bytes = rounded;
  }
  return dnnl_memory_create(&product->scratch, layout, products->engine, DNNL_MEMORY_NONE);
}

int gramdex_product_create(gramdex_products *products, const gramdex_product_shape *shape,
                           const gramdex_product *like, gramdex_product **product) {
  dnnl_status_t status = dnnl_out_of_memory;
  dnnl_data_type_t type = shape->is_bfloat16 ? dnnl_bf16 : dnnl_f32;
  dnnl_memory_desc_t a = {0}, b = {0}, c = {0};
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_post_ops_t sum = NULL;
  dnnl_primitive_desc_t description = NULL;
  gramdex_product *made = calloc(1, sizeof *made);
  if (!made) return status;
  made->is_packed = shape->is_packed;
  CHECK(strided(&a, shape->m, shape->k, type, shape->a_row_stride, shape->a_column_stride));
  CHECK(strided(&made->b_plain, shape->k, shape->n, type, shape->b_row_stride, shape->b_column_stride));
  CHECK(strided(&c, shape->m, shape->n, dnnl_f32, shape->c_row_stride, 1));
  if (!shape->is_packed) {
    CHECK(copy_layout(&b, &made->b_plain));
  } else if (like) {
    CHECK(copy_layout(&b, &like->b_layout));
  } else {
    CHECK(any_layout(&b, shape->k, shape->n, type));
  }
  CHECK(dnnl_primitive_attr_create(&attributes));
  CHECK(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user));
  if (shape->accumulates) {
    CHECK(dnnl_post_ops_create(&sum));
    CHECK(dnnl_post_ops_append_sum(
        sum, 1.0f
#if DNNL_VERSION_MAJOR >= 3
        ,
        0, dnnl_data_type_undef
#endif
        ));
    CHECK(dnnl_primitive_attr_set_post_ops(attributes, sum));
  }
  CHECK(describe(products, &a, &b, &c, attributes, &description));
#if DNNL_VERSION_MAJOR >= 3
  const_dnnl_memory_desc_t chosen = dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0);
  CHECK(dnnl_memory_desc_clone(&made->b_layout, chosen));
#else
  made->b_layout = *dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0);
#endif
  CHECK(dnnl_primitive_create(&made->primitive, description));
  CHECK(dnnl_memory_create(&made->a, LAYOUT(a), products->engine, DNNL_MEMORY_NONE));
  CHECK(dnnl_memory_create(&made->b, LAYOUT(made->b_layout), products->engine, DNNL_MEMORY_NONE));
  CHECK(dnnl_memory_create(&made->c, LAYOUT(c), products->engine, DNNL_MEMORY_NONE));
  CHECK(make_scratch(products, made, description));
  *product = made;
  made = NULL;
failed:
  if (description) dnnl_primitive_desc_destroy(description);
  if (sum) dnnl_post_ops_destroy(sum);
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  forget_layout(&a);
  forget_layout(&b);
  forget_layout(&c);
  gramdex_product_destroy(made);
  return status;
}

void gramdex_product_destroy(gramdex_product *product) {
  if (!product) return;
  if (product->primitive) dnnl_primitive_destroy(product->primitive);
  if (product->reorder) dnnl_primitive_destroy(product->reorder);
  dnnl_memory_t memories[] = {product->a, product->b, product->c, product->scratch, product->plain, product->packed};
  for (size_t i = 0; i < sizeof memories / sizeof *memories; i++)
    if (memories[i]) dnnl_memory_destroy(memories[i]);
  forget_layout(&product->b_layout);
  forget_layout(&product->b_plain);
  free(product);
}

int gramdex_product_run(gramdex_products *products, gramdex_product *product, const void *a, const void *b,
                        float *c) {
  dnnl_status_t status;
  limit_threads();
  CHECK(dnnl_memory_set_data_handle(product->a, (void *)a));
  CHECK(dnnl_memory_set_data_handle(product->b, (void *)b));
  CHECK(dnnl_memory_set_data_handle(product->c, c));
  dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, product->a},
                                 {DNNL_ARG_WEIGHTS, product->b},
                                 {DNNL_ARG_DST, product->c},
                                 {DNNL_ARG_SCRATCHPAD, product->scratch}};
  if (product->scratch) CHECK(dnnl_memory_set_data_handle(product->scratch, products->scratch));
  CHECK(dnnl_primitive_execute(product->primitive, products->stream, product->scratch ? 4 : 3, arguments));
  CHECK(dnnl_stream_wait(products->stream));
failed:
  return status;
}

size_t gramdex_product_packed_bytes(const gramdex_product *product) {
  return dnnl_memory_desc_get_size(LAYOUT(product->b_layout));
}

int gramdex_product_pack(gramdex_products *products, gramdex_product *product, const void *b, void *packed) {
  dnnl_status_t status;
  dnnl_primitive_desc_t description = NULL;
  limit_threads();
  if (!product->reorder) {
    CHECK(dnnl_reorder_primitive_desc_create(&description, LAYOUT(product->b_plain), products->engine,
                                             LAYOUT(product->b_layout), products->engine, NULL));
    CHECK(dnnl_memory_create(&product->plain, LAYOUT(product->b_plain), products->engine, DNNL_MEMORY_NONE));
    CHECK(dnnl_memory_create(&product->packed, LAYOUT(product->b_layout), products->engine, DNNL_MEMORY_NONE));
    CHECK(dnnl_primitive_create(&product->reorder, description));
  }
  CHECK(dnnl_memory_set_data_handle(product->plain, (void *)b));
  CHECK(dnnl_memory_set_data_handle(product->packed, packed));
  dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, product->plain}, {DNNL_ARG_TO, product->packed}};
  CHECK(dnnl_primitive_execute(product->reorder, products->stream, 2, arguments));
  CHECK(dnnl_stream_wait(products->stream));
failed:
  if (description) dnnl_primitive_desc_destroy(description);
  return status;
}
