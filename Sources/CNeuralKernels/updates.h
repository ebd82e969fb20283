// Updates of parameters.
#include "lanes.h"

PIECE void descend_part(size_t i, size_t n, float rate, float factor, const float *gradient,
                        float *value) {
  const vec g = v_some(gradient + i, n) * factor;
  v_store(value + i, n, v_some(value + i, n) - g * rate);
}

KERNEL void descend(size_t count, float rate, float factor, const float *gradient, float *value) {
  FOR_VECTORS(count, descend_part, rate, factor, gradient, value);
}

PIECE void adagrad_part(size_t i, size_t n, float rate, float factor, const float *gradient,
                        float *squares, float *value) {
  const vec g = v_some(gradient + i, n) * factor;
  const vec sum = g * g + v_some(squares + i, n);
  v_store(squares + i, n, sum);
  v_store(value + i, n, v_some(value + i, n) - g * rate / v_square_root(sum + 1e-8f));
}

KERNEL void adagrad(size_t count, float rate, float factor, const float *gradient, float *squares,
                    float *value) {
  FOR_VECTORS(count, adagrad_part, rate, factor, gradient, squares, value);
}

typedef struct {
  float rate, first, first_rest, second, second_rest, epsilon, factor;
} adam_settings;

PIECE void adam_part(size_t i, size_t n, const adam_settings *s, const float *gradient, float *mean,
                     float *squares, float *value) {
  const vec g = v_some(gradient + i, n) * s->factor;
  const vec m = g * s->first_rest + v_some(mean + i, n) * s->first;
  const vec v = g * g * s->second_rest + v_some(squares + i, n) * s->second;
  v_store(mean + i, n, m);
  v_store(squares + i, n, v);
  v_store(value + i, n, v_some(value + i, n) - m * s->rate / (v_square_root(v) + s->epsilon));
}

KERNEL void adam(size_t count, float rate, double first, double second, float epsilon,
                 float factor, const float *gradient, float *mean, float *squares, float *value) {
  // 1 - 0.999 of floats would be 1.3e-5 of itself too small.
  const adam_settings settings = {rate,          (float)first, (float)(1 - first), (float)second,
                                  (float)(1 - second), epsilon, factor};
  FOR_VECTORS(count, adam_part, &settings, gradient, mean, squares, value);
}
