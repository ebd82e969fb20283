// Score tables as a query sees them: where n-grams lie, and what is said of them. docs/FORMAT.md has the layout.
//
// Whatever tables hold, reads stay inside them: numbers of chunks, buckets and slots are below their counts, codes
// index a codebook of their full range. Values are handled as the bits of floats: a processor chooses between two
// integers without a branch, and what a table says is hard to guess.
#ifndef GRAMDEX_SCORES_H
#define GRAMDEX_SCORES_H
#include "gramdex_kernels.h"
#include "gramdex_tables.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// Backoff bits of an n-gram that nothing follows: -0.0.
#define GRAMDEX_NO_BACKOFF 0x80000000u

/// What is seldom needed of a table.
typedef struct gramdex_table_rest {
  /// The addresses of all spans, of `chunks_per_span` chunks each.
  const uint8_t *const *spans;
  uint64_t chunks_per_span;
  /// (u64 hash, u32 probability, u32 backoff), ascending by hash.
  const uint8_t *side;
  uint64_t side_count;
} gramdex_table_rest;

/// The stored n-grams of one order in one shard. A cache line.
typedef struct gramdex_table {
  /// Where the first span of chunks begins; zeros, as many as the largest codebook has bytes, when there are no n-grams.
  const uint8_t *start;
  /// Exact tables of one span: buckets of all chunks; otherwise 0.
  uint64_t buckets;
  uint64_t chunks;
  const gramdex_table_rest *rest;
  /// Compact tables: 256 backoffs, then a probability for each code.
  const uint32_t *codebook;
  uint32_t buckets_per_chunk;
  uint32_t bytes_per_chunk;
  uint32_t slots_per_chunk;
  uint32_t records_offset;
  /// Compact tables: bits of fingerprints, probability codes and whole records.
  uint8_t fingerprint_bits, probability_bits, record_bits;
  bool is_compact;
  /// Whether all chunks are in one span.
  bool is_whole;
  /// Whether there are no backoffs.
  bool is_top;
} gramdex_table;

/// What a table says of an n-gram; the values mean nothing unless it was found.
typedef struct gramdex_answer {
  uint32_t probability;
  uint32_t backoff;
  bool found;
} gramdex_answer;

/// Inlined everywhere, so that layout and order are constants in each copy of a loop.
#define GRAMDEX_INLINE inline __attribute__((always_inline))

/// The float of these bits.
static inline float gramdex_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/// The bits of a float.
static inline uint32_t gramdex_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// The upper half of a product.
static inline uint64_t gramdex_high(uint64_t left, uint64_t right) {
  return (uint64_t)(((unsigned __int128)left * right) >> 64);
}

/// Both halves of a product, folded.
static inline uint64_t gramdex_fold(uint64_t left, uint64_t right) {
  const unsigned __int128 product = (unsigned __int128)left * right;
  return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

/// The hash of an n-gram whose words, times their multipliers, have this sum.
static inline uint64_t gramdex_ngram_hash(uint64_t sum, uint64_t seed) {
  const uint64_t first = gramdex_fold(sum ^ seed ^ 0x589965CC75374CC3u, 0x1D8E4E27C47D124Fu);
  return gramdex_fold(first, 0xA0761D6478BD642Fu);
}

/// All ones if `condition`, else 0; the compiler does not see that there are two cases, so it makes no branch.
static inline uint64_t gramdex_mask(bool condition) {
  uint64_t mask = -(uint64_t)condition;
#if defined(__GNUC__)
  __asm__("" : "+r"(mask));
#endif
  return mask;
}

/// `left` if `condition`, else `right`, never by a branch.
static inline uint32_t gramdex_select(bool condition, uint32_t left, uint32_t right) {
  const uint32_t mask = (uint32_t)gramdex_mask(condition);
  return (left & mask) | (right & ~mask);
}

/// The chunk of an n-gram.
static inline const uint8_t *gramdex_chunk(const gramdex_table *table, uint64_t hash) {
  const uint64_t chunk = gramdex_high(hash, table->chunks);
  if (__builtin_expect(table->is_whole, 1)) return table->start + chunk * table->bytes_per_chunk;
  const gramdex_table_rest *rest = table->rest;
  return rest->spans[chunk / rest->chunks_per_span]
         + chunk % rest->chunks_per_span * table->bytes_per_chunk;
}

/// The home bucket of an n-gram within its chunk of an exact table.
static inline uint64_t gramdex_bucket(uint64_t hash, uint64_t chunks, uint64_t buckets) {
  return gramdex_high(hash * chunks, buckets);
}

/// The other bucket of an n-gram: one of the 64 after its home, round the chunk's end.
static inline uint64_t gramdex_other_bucket(uint64_t hash, uint64_t home, uint64_t buckets) {
  const uint64_t bucket = home + ((hash * 0x9E3779B97F4A7C15u) >> 58) + 1;
  if (bucket < buckets) return bucket;
  return buckets == 0 ? 0 : bucket % buckets;
}

/// The address of the home bucket of an n-gram in an exact table.
static inline const uint8_t *gramdex_home(const gramdex_table *table, uint64_t hash) {
  // The number among the buckets of all chunks: the same as chunk and bucket one after the other.
  if (__builtin_expect(table->buckets != 0, 1))
    return table->start + 64 * gramdex_high(hash, table->buckets);
  return gramdex_chunk(table, hash)
         + 64 * gramdex_bucket(hash, table->chunks, table->buckets_per_chunk);
}

/// The address of the other bucket of an n-gram in an exact table.
static inline const uint8_t *gramdex_other(const gramdex_table *table, uint64_t hash) {
  const uint64_t home = gramdex_bucket(hash, table->chunks, table->buckets_per_chunk);
  return gramdex_chunk(table, hash)
         + 64 * gramdex_other_bucket(hash, home, table->buckets_per_chunk);
}

/// What an exact bucket holds for an n-gram: its tag is the low 30 bits of the hash under bit 31.
static inline uint32_t gramdex_tag(uint64_t hash) {
  return ((uint32_t)hash & 0x3FFFFFFFu) | 0x80000000u;
}

static inline uint32_t gramdex_load32(const uint8_t *address) {
  uint32_t value;
  memcpy(&value, address, sizeof value);
  return value;
}

/// Looks for a tag in a bucket below the top order.
static inline gramdex_answer gramdex_look5(const uint8_t *bucket, uint32_t tag) {
  const uint32_t match = gramdex_match5(bucket, tag);
  const uint32_t slot = (uint32_t)__builtin_ctz(match | 1u << 4);
  return (gramdex_answer){gramdex_load32(bucket + 20 + 4 * slot),
                          gramdex_load32(bucket + 40 + 4 * slot), match != 0};
}

/// Looks for a tag in a bucket of the top order.
static inline gramdex_answer gramdex_look8(const uint8_t *bucket, uint32_t tag) {
  const uint32_t match = gramdex_match8(bucket, tag);
  const uint32_t slot = (uint32_t)__builtin_ctz(match | 1u << 7);
  return (gramdex_answer){gramdex_load32(bucket + 32 + 4 * slot), GRAMDEX_NO_BACKOFF, match != 0};
}

/// Whether the side table has n-grams whose home is this bucket.
static inline bool gramdex_has_side(const uint8_t *bucket, bool is_top) {
  return is_top ? gramdex_load32(bucket) & 0x40000000u : gramdex_load32(bucket + 60) & 1u;
}

/// Whether an n-gram with this tag and this home may be in its other bucket.
static inline bool gramdex_may_be_in_other(const uint8_t *home, uint32_t tag, bool is_top) {
  const uint64_t fragment = tag & 0x3FFFFFFFu;
  if (is_top) return gramdex_load32(home + 4 + 4 * (fragment * 7 >> 30)) >> 30 & 1u;
  return gramdex_load32(home + 60) >> (1 + (fragment * 31 >> 30)) & 1u;
}

/// Looks for an n-gram in the side table.
gramdex_answer gramdex_find_aside(const gramdex_table *table, uint64_t hash);

/// Looks for an n-gram whose home is known, and in its other bucket if that may have it.
static inline gramdex_answer gramdex_find_exact(
    const gramdex_table *table, uint64_t hash, const uint8_t *home, bool is_top) {
  const uint32_t tag = gramdex_tag(hash);
  if (__builtin_expect(gramdex_has_side(home, is_top), 0)) {
    const gramdex_answer aside = gramdex_find_aside(table, hash);
    if (aside.found) return aside;
  }
  const gramdex_answer answer = is_top ? gramdex_look8(home, tag) : gramdex_look5(home, tag);
  if (answer.found || !gramdex_may_be_in_other(home, tag, is_top)) return answer;
  const uint8_t *other = gramdex_other(table, hash);
  return is_top ? gramdex_look8(other, tag) : gramdex_look5(other, tag);
}

/// The multiplier of pilots and slots.
#define GRAMDEX_PILOT_MULTIPLIER 0xF1357AEA2E62A9C5u

/// The bucket, below `buckets`, of a compact chunk for an n-gram whose hash leaves `rest`.
static inline uint64_t gramdex_pilot_bucket(uint64_t rest, uint64_t buckets) {
  const uint64_t square = gramdex_high(rest, rest);
  return gramdex_high(square - (square >> 4) + (rest >> 4), buckets);
}

/// The slot, below `slots`, of an n-gram whose bucket has a pilot with this mask.
static inline uint64_t gramdex_slot(uint64_t hash, uint64_t mask, uint64_t slots) {
  return gramdex_high((hash ^ mask) * GRAMDEX_PILOT_MULTIPLIER, slots);
}

/// Where the pilot of an n-gram of a compact table is.
static inline const uint8_t *gramdex_pilot(const gramdex_table *table, uint64_t hash) {
  return gramdex_chunk(table, hash)
         + gramdex_pilot_bucket(hash * table->chunks, table->buckets_per_chunk);
}

/// Where the record of an n-gram with this pilot begins, in bits from address 0.
static inline uint64_t gramdex_record(const gramdex_table *table, uint64_t hash, uint8_t pilot) {
  // Addresses of processes are below 2^57, so a number of bits is exact.
  const uint64_t slot =
      gramdex_slot(hash, pilot * GRAMDEX_PILOT_MULTIPLIER, table->slots_per_chunk);
  const uint8_t *records = gramdex_chunk(table, hash) + table->records_offset;
  return ((uint64_t)(uintptr_t)records << 3) + slot * table->record_bits;
}

/// The address from which the record is read: a multiple of two bytes, so that records of 49 bits fit into eight.
static inline const uint8_t *gramdex_record_address(uint64_t record) {
  return (const uint8_t *)(uintptr_t)(record >> 3 & ~(uint64_t)1);
}

/// Looks for an n-gram of a compact table whose record is there; in the highest order the backoff means nothing.
static inline gramdex_answer gramdex_find_record(
    const gramdex_table *table, uint64_t hash, uint64_t record) {
  uint64_t bits;
  memcpy(&bits, gramdex_record_address(record), sizeof bits);
  bits >>= record & 15;
  const uint64_t mask = ((uint64_t)1 << table->fingerprint_bits) - 1;
  const uint64_t fingerprint = hash & mask;
  const uint64_t codes = bits >> table->fingerprint_bits;
  const uint64_t probability = codes & (((uint64_t)1 << table->probability_bits) - 1);
  const uint64_t backoff = codes >> table->probability_bits & 0xFF;
  return (gramdex_answer){table->codebook[256 + probability], table->codebook[backoff],
                          (bits & mask) == (fingerprint == 0 ? 1 : fingerprint)};
}

/// The pilot of a bucket whose n-grams are in the side table.
#define GRAMDEX_PILOT_ASIDE 255

/// Looks for an n-gram in a table of any format.
static inline gramdex_answer gramdex_find(const gramdex_table *table, uint64_t hash) {
  if (!table->is_compact)
    return gramdex_find_exact(table, hash, gramdex_home(table, hash), table->is_top);
  const uint8_t pilot = *gramdex_pilot(table, hash);
  if (pilot == GRAMDEX_PILOT_ASIDE) return gramdex_find_aside(table, hash);
  gramdex_answer answer =
      gramdex_find_record(table, hash, gramdex_record(table, hash, pilot));
  if (table->is_top) answer.backoff = GRAMDEX_NO_BACKOFF;
  return answer;
}

/// Which shard a word's n-grams are in, those in which it is the last word but one.
typedef struct gramdex_shards {
  /// For each prefix of words (see `gramdex_word_prefix`), the shard of the least word that has it.
  const uint32_t *starts;
  /// First words of the shards from the second on, then numbers that no word reaches.
  const uint64_t *bounds;
  /// How many shards begin within one prefix at most.
  uint64_t steps;
} gramdex_shards;

/// Ascending with the word: those below 32 have their own, others share one with those of the same length in bits and
/// first five bits.
static inline uint32_t gramdex_word_prefix(uint32_t word) {
  const int length = 32 - __builtin_clz(word | 1);
  const int shift = length > 5 ? length - 5 : 0;
  return (word >> shift) + ((uint32_t)shift << 4);
}

/// The shard of a word: always as many steps, so that no branch is guessed wrong.
static inline uint64_t gramdex_shard(const gramdex_shards *shards, uint32_t word) {
  uint64_t shard = shards->starts[gramdex_word_prefix(word)];
  for (uint64_t step = 0; step < shards->steps; step++) shard += shards->bounds[shard] <= word;
  return shard;
}

/// The highest order of a model.
#define GRAMDEX_MAXIMUM_ORDER 63

/// A model as its queries see it; everything that it points to outlives them.
typedef struct gramdex_model {
  /// (log10 probability, log10 backoff) of each word.
  const uint8_t *unigrams;
  /// For each shard, the tables of orders 2 and up.
  const gramdex_table *tables;
  gramdex_shards shards;
  /// What a word is multiplied with, by its distance from the last one.
  uint64_t multipliers[GRAMDEX_MAXIMUM_ORDER];
  uint64_t seed;
  uint32_t words;
  uint32_t order;
  bool is_compact;
} gramdex_model;

/// The tables of n-grams whose last word but one is `word`, by order from 2 on.
static inline const gramdex_table *gramdex_tables_before(const gramdex_model *model, uint32_t word) {
  return model->tables + gramdex_shard(&model->shards, word) * (model->order - 1);
}

/// Words of a state that need no memory of their own.
#define GRAMDEX_STATE_WORDS 8

/// The latest words, most recent first, and the backoffs of the contexts that they form. What stands behind the first
/// `count` means nothing.
typedef struct gramdex_state {
  uint32_t words[GRAMDEX_STATE_WORDS];
  uint32_t backoffs[GRAMDEX_STATE_WORDS];
  uint32_t count;
} gramdex_state;

/// The probability of a word.
typedef struct gramdex_score {
  float log10_probability;
  uint32_t order;
} gramdex_score;

/// Scores a known word after a state, which becomes the one after it; the model's order is at most 9.
gramdex_score gramdex_score_word(const gramdex_model *model, uint32_t word, gramdex_state *state);

/// Scores all words of a model after a context of `count` words, less than its order, most recent first, whose
/// backoffs are given: `scores` gets one for each.
void gramdex_score_all(const gramdex_model *model, const uint32_t *context, const uint32_t *backoffs,
                       uint32_t count, float *scores);

/// Stands where nothing that came before matters.
#define GRAMDEX_BREAK 0xFFFFFFFFu
/// Words that a batch scores at once.
#define GRAMDEX_BATCH 256

/// The memory of a batch: what is known of each of its places. Place 0 is the one before the first word.
typedef struct gramdex_batch gramdex_batch;

/// Memory for batches of a model of this order; NULL when there is none.
gramdex_batch *gramdex_batch_create(uint32_t order);
void gramdex_batch_destroy(gramdex_batch *batch);

/// How many words of context stand after the last place.
uint32_t gramdex_batch_context(const gramdex_batch *batch);
/// The backoff of the context of `distance` + 1 words there.
uint32_t gramdex_batch_backoff(const gramdex_batch *batch, uint32_t distance);
/// Says what stands before the next batch.
void gramdex_batch_begin(gramdex_batch *batch, uint32_t context);
void gramdex_batch_begin_backoff(gramdex_batch *batch, uint32_t distance, uint32_t backoff);

/// Scores at most GRAMDEX_BATCH words, before which `order` ids stand, and leaves what comes after the last one. Words are
/// known, or 1 (`<s>`) or GRAMDEX_BREAK, which get score and order 0.
void gramdex_batch_score(gramdex_batch *batch, const gramdex_model *model, const uint32_t *ids,
                         size_t count, float *scores, uint8_t *orders);

/// Words that follow one another as a tree does, each after its parent; all arrays have an element for each.
typedef struct gramdex_units {
  const uint32_t *words;
  /// Which unit each follows: an earlier one. Unit 0 follows itself, and stands where nothing is known.
  const uint32_t *parents;
  /// How many words of context the state after each has.
  uint32_t *lengths;
  /// The backoffs of these contexts, `order` − 1 for each unit (1 at order 1), the shortest first.
  uint32_t *backoffs;
} gramdex_units;

/// Scores at most GRAMDEX_BATCH units from `first` on, and writes what comes after them; everything before `first` has been scored. Words are as above.
void gramdex_batch_score_units(gramdex_batch *batch, const gramdex_model *model, const gramdex_units *units,
                               size_t first, size_t count, float *scores, uint8_t *orders);

#endif
