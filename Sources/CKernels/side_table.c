// The n-grams of a table that stand outside its buckets: few, so a binary search does.
#include "gramdex_scores.h"

gramdex_answer gramdex_find_aside(const gramdex_table *table, uint64_t hash) {
  uint64_t low = 0, high = table->rest->side_count;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    const uint8_t *entry = table->rest->side + 16 * middle;
    uint64_t found;
    memcpy(&found, entry, sizeof found);
    if (found == hash)
      return (gramdex_answer){gramdex_load32(entry + 8), gramdex_load32(entry + 12), true};
    if (found < hash) low = middle + 1;
    else high = middle;
  }
  return (gramdex_answer){0, GRAMDEX_NO_BACKOFF, false};
}
