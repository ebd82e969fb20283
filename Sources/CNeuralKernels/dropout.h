// Dropout masks (Srivastava 2014), counted instead of drawn: an element's fate is a hash of its position.
#include "lanes.h"

/// The finaliser of SplitMix64 (Steele, Lea & Flood 2014).
PIECE uint64_t mix_bits(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

/// The finaliser of MurmurHash3 (Appleby 2011).
PIECE uvec mix_lanes(uvec x) {
  x = (x ^ (x >> 16)) * 0x85EBCA6Bu;
  x = (x ^ (x >> 13)) * 0xC2B2AE35u;
  return x ^ (x >> 16);
}

typedef struct {
  /// What the positions of 2^32 elements, a block, are mixed with.
  uint32_t before, between;
  uint32_t threshold;
  float kept;
} dropout;

PIECE void dropout_part(size_t i, size_t n, uint32_t first, const dropout *d, float *mask) {
  uint32_t numbers[WIDTH];
  for (uint32_t lane = 0; lane < WIDTH; lane++) numbers[lane] = lane;
  uvec positions;
  memcpy(&positions, numbers, sizeof positions);
  positions += first + (uint32_t)i;
  const uvec hashes = mix_lanes(mix_lanes(positions ^ d->before) + d->between);
  v_store(mask + i, n, (vec)((ivec)(hashes >= d->threshold) & (ivec)v_set(d->kept)));
}

KERNEL void dropout_mask(size_t count, uint64_t key, uint64_t first, float rate, float *mask) {
  dropout d;
  d.threshold = (uint32_t)((double)rate * 4294967296.0);
  d.kept = 1.0f / (1.0f - rate);
  while (count > 0) {
    const uint64_t block = first >> 32, left = ((block + 1) << 32) - first;
    const size_t size = (uint64_t)count < left ? count : (size_t)left;
    const uint64_t mixed = mix_bits(mix_bits(key + 0x9E3779B97F4A7C15u) + block);
    d.before = (uint32_t)mixed;
    d.between = (uint32_t)(mixed >> 32);
    FOR_VECTORS(size, dropout_part, (uint32_t)first, &d, mask);
    mask += size;
    first += size;
    count -= size;
  }
}
