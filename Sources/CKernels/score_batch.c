// Scoring of many words at once. Paid for by ScoringBenchmark ("batched"): 57 ns a word of a model in the cache in Swift, which
// chooses between floats by branches and copies tables, 18 here. The tests compare it with one word after the other.
//
// Order by order, all hashes are computed and their memory asked for, and only then looked into; whether a word's
// context is long enough for the next order is known by then. A list gets an element whether it is wanted or not,
// and grows by one if it is, so that nothing is guessed.
//
// Words stand in a row, or in a tree: then each says which word it follows (`is_tree`, a constant in each copy of a loop). Places of a tree whose
// words follow one of an earlier batch have what that left at a place of its own, behind those of the batch.
#include "gramdex_scores.h"
#include <stdlib.h>

enum { PLACES = 2 * GRAMDEX_BATCH + 1 };

/// Where words come from: `ids` in a row, or units of a tree, of which the batch has those from `first` on.
typedef struct word_source {
  const uint32_t *ids;
  const gramdex_units *units;
  uint32_t first;
} word_source;

struct gramdex_batch {
  /// The place after which the batch ended.
  uint32_t last;
  uint64_t sums[PLACES];
  /// The tables of each place's shard, which the word before decides.
  const gramdex_table *tables[PLACES];
  uint32_t probabilities[PLACES];
  /// The order of the longest n-gram so far; 0 at markers.
  uint32_t matched[PLACES];
  /// How many words of context the state after each place has.
  uint32_t lengths[PLACES];
  /// Trees: the place of the word before each, and the unit of the word that the search has come back to.
  uint32_t before[PLACES], cursors[PLACES];
  /// The order at which a place's context was found too short; 0 when it was not.
  uint32_t stopped[PLACES];
  // The places that still look for longer n-grams, and where.
  uint32_t active[PLACES];
  uint64_t hashes[PLACES];
  /// Exact buckets, or compact pilots.
  const uint8_t *homes[PLACES];
  uint64_t records[PLACES];
  /// Places whose n-gram may lie in its other bucket.
  uint32_t deferred[PLACES];
  uint64_t deferred_hashes[PLACES];
  /// Element distance * PLACES + place: the backoff of distance + 1 words up to there.
  uint32_t backoffs[];
};

gramdex_batch *gramdex_batch_create(uint32_t order) {
  const size_t width = order > 1 ? order - 1 : 1;
  return calloc(1, sizeof(gramdex_batch) + width * PLACES * sizeof(uint32_t));
}

void gramdex_batch_destroy(gramdex_batch *batch) { free(batch); }

uint32_t gramdex_batch_context(const gramdex_batch *batch) { return batch->lengths[batch->last]; }

uint32_t gramdex_batch_backoff(const gramdex_batch *batch, uint32_t distance) {
  return batch->backoffs[distance * PLACES + batch->last];
}

void gramdex_batch_begin(gramdex_batch *batch, uint32_t context) {
  batch->last = 0;
  batch->lengths[0] = context;
}

void gramdex_batch_begin_backoff(gramdex_batch *batch, uint32_t distance, uint32_t backoff) {
  batch->backoffs[distance * PLACES] = backoff;
}

/// The place of the word before.
static GRAMDEX_INLINE uint32_t place_before(const gramdex_batch *batch, uint32_t place, const bool is_tree) {
  return is_tree ? batch->before[place] : place - 1;
}

/// The word that stands `distance` words before that of a place.
static GRAMDEX_INLINE uint32_t word_before(const word_source source, uint32_t place, uint32_t distance,
                                   const bool is_tree) {
  if (!is_tree) return source.ids[(int64_t)place - 1 - distance];
  uint32_t unit = source.first + place - 1;
  for (uint32_t hop = 0; hop < distance; hop++) unit = source.units->parents[unit];
  return source.units->words[unit];
}

/// Takes the unigram of each word; returns how many words look for more.
static GRAMDEX_INLINE uint32_t take_unigrams(gramdex_batch *restrict batch, const gramdex_model *model,
                                     const word_source source, uint32_t count, const bool is_tree) {
  const uint32_t *restrict ids = source.ids;
  uint32_t active = 0;
  const uint64_t multiplier = model->multipliers[0];
  for (uint32_t place = 1; place <= count; place++) {
    const uint32_t id = ids[place - 1];
    const uint8_t *unigram = model->unigrams + 8 * (size_t)(id < model->words ? id : 0);
    const uint32_t backoff = gramdex_load32(unigram + 4);
    const bool is_begin = id == 1, is_marker = is_begin | (id == GRAMDEX_BREAK);
    batch->probabilities[place] = gramdex_load32(unigram) & ~-(uint32_t)is_marker;
    batch->backoffs[place] = backoff;
    batch->stopped[place] = 0;
    batch->matched[place] = !is_marker;
    batch->lengths[place] =
        (model->order > 1) & (is_begin | ((backoff != GRAMDEX_NO_BACKOFF) & !is_marker));
    batch->sums[place] = id * multiplier;
    batch->tables[place] = gramdex_tables_before(model, word_before(source, place, 1, is_tree));
    batch->active[active] = place;
    active += !is_marker;
  }
  return active;
}

/// Computes the next longer n-gram of each active place and asks the cache for its bucket or pilot.
static GRAMDEX_INLINE uint32_t fetch(gramdex_batch *restrict batch, const gramdex_model *model,
                             const word_source source, uint32_t count, uint32_t length,
                             const bool is_compact, const bool is_tree) {
  const uint64_t multiplier = model->multipliers[length - 1], seed = model->seed;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t place = batch->active[i];
    const bool is_context = batch->lengths[place_before(batch, place, is_tree)] >= length - 1;
    if (is_tree) batch->cursors[place] = source.units->parents[batch->cursors[place]];
    const uint32_t id = is_tree ? source.units->words[batch->cursors[place]]
                                : source.ids[(int64_t)place - length];
    const uint64_t sum = batch->sums[place] + id * multiplier;
    batch->sums[place] = sum;
    const uint64_t hash = gramdex_ngram_hash(sum, seed);
    const gramdex_table *table = batch->tables[place] + (length - 2);
    const uint8_t *home =
        is_compact ? gramdex_pilot(table, hash) : gramdex_home(table, hash);
    // Where there is no context, the batch itself is fetched, which costs nothing.
    const uintptr_t wanted = (uintptr_t)gramdex_mask(is_context);
    gramdex_prefetch((const void *)(((uintptr_t)home & wanted) | ((uintptr_t)batch & ~wanted)));
    batch->hashes[kept] = hash;
    batch->homes[kept] = home;
    batch->active[kept] = place;
    batch->stopped[place] = is_context ? 0 : length;
    kept += is_context;
  }
  return kept;
}

/// Notes what is known of the n-gram of `length` words that ends at `place`.
static GRAMDEX_INLINE void keep(gramdex_batch *restrict batch, uint32_t place, uint32_t length,
                        gramdex_answer answer, const bool is_top) {
  batch->probabilities[place] =
      gramdex_select(answer.found, answer.probability, batch->probabilities[place]);
  batch->matched[place] = length - 1 + answer.found;
  if (is_top) return;
  batch->backoffs[(size_t)(length - 1) * PLACES + place] = answer.backoff;
  const bool is_context = answer.found & (answer.backoff != GRAMDEX_NO_BACKOFF);
  batch->lengths[place] = gramdex_select(is_context, length, batch->lengths[place]);
}

/// Looks into the fetched buckets; returns how many n-grams were found. Those that may lie in their other bucket come
/// last, when that has been fetched too.
static GRAMDEX_INLINE uint32_t probe(gramdex_batch *restrict batch, uint32_t count, uint32_t length,
                             const bool is_top) {
  uint32_t found = 0, waiting = 0;
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t place = batch->active[i];
    const uint64_t hash = batch->hashes[i];
    const uint8_t *home = batch->homes[i];
    const uint32_t tag = gramdex_tag(hash);
    gramdex_answer answer = is_top ? gramdex_look8(home, tag) : gramdex_look5(home, tag);
    if (__builtin_expect(gramdex_has_side(home, is_top), 0)) {
      const gramdex_answer aside =
          gramdex_find_aside(batch->tables[place] + (length - 2), hash);
      if (aside.found) answer = aside;
    }
    keep(batch, place, length, answer, is_top);
    batch->active[found] = place;
    found += answer.found;
    batch->deferred[waiting] = place;
    batch->deferred_hashes[waiting] = hash;
    waiting += gramdex_may_be_in_other(home, tag, is_top) & !answer.found;
  }
  for (uint32_t i = 0; i < waiting; i++) {
    const gramdex_table *table = batch->tables[batch->deferred[i]] + (length - 2);
    batch->homes[i] = gramdex_other(table, batch->deferred_hashes[i]);
    gramdex_prefetch(batch->homes[i]);
  }
  for (uint32_t i = 0; i < waiting; i++) {
    const uint32_t place = batch->deferred[i], tag = gramdex_tag(batch->deferred_hashes[i]);
    const gramdex_answer answer = is_top ? gramdex_look8(batch->homes[i], tag)
                                         : gramdex_look5(batch->homes[i], tag);
    keep(batch, place, length, answer, is_top);
    batch->active[found] = place;
    found += answer.found;
  }
  return found;
}

/// The same for compact tables: first the pilots, then the records to which they lead.
static GRAMDEX_INLINE uint32_t probe_compact(gramdex_batch *restrict batch, uint32_t count,
                                     uint32_t length, const bool is_top) {
  uint32_t found = 0;
  for (uint32_t i = 0; i < count; i++) {
    const gramdex_table *table = batch->tables[batch->active[i]] + (length - 2);
    batch->records[i] = gramdex_record(table, batch->hashes[i], *batch->homes[i]);
    gramdex_prefetch(gramdex_record_address(batch->records[i]));
  }
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t place = batch->active[i];
    const gramdex_table *table = batch->tables[place] + (length - 2);
    gramdex_answer answer = gramdex_find_record(table, batch->hashes[i], batch->records[i]);
    if (__builtin_expect(*batch->homes[i] == GRAMDEX_PILOT_ASIDE, 0))
      answer = gramdex_find_aside(table, batch->hashes[i]);
    keep(batch, place, length, answer, is_top);
    batch->active[found] = place;
    found += answer.found;
  }
  return found;
}

/// Goes on with a word whose context turned out longer after it was given up. This takes an n-gram that is a context while
/// its own suffix is none, which only an imported model or a false match of a compact table can bring about.
__attribute__((noinline)) static void resume(gramdex_batch *batch, const gramdex_model *model,
                                             const word_source source, uint32_t place, bool is_tree) {
  // The sum has the word at which the search stopped.
  uint32_t length = batch->stopped[place];
  const uint32_t before = place_before(batch, place, is_tree);
  while (length <= model->order && batch->lengths[before] >= length - 1) {
    const uint64_t hash = gramdex_ngram_hash(batch->sums[place], model->seed);
    const gramdex_answer answer = gramdex_find(batch->tables[place] + (length - 2), hash);
    if (!answer.found) return;
    keep(batch, place, length, answer, length == model->order);
    length += 1;
    if (length <= model->order)
      batch->sums[place] +=
          word_before(source, place, length - 1, is_tree) * model->multipliers[length - 1];
  }
}

/// Adds the backoffs and writes the results.
static GRAMDEX_INLINE void add(gramdex_batch *restrict batch, const gramdex_model *model,
                       const word_source source, uint32_t count, float *restrict scores,
                       uint8_t *restrict orders, const bool is_tree) {
  for (uint32_t place = 1; place <= count; place++) {
    const uint32_t stop = batch->stopped[place];
    const uint32_t before = place_before(batch, place, is_tree);
    if (__builtin_expect(stop != 0 && batch->lengths[before] >= stop - 1, 0))
      resume(batch, model, source, place, is_tree);
  }
  for (uint32_t place = 1; place <= count; place++)
    orders[place - 1] = (uint8_t)batch->matched[place];
  for (uint32_t distance = 0; distance + 1 < model->order; distance++) {
    const uint32_t *restrict backoffs = batch->backoffs + (size_t)distance * PLACES;
    for (uint32_t place = 1; place <= count; place++) {
      const uint32_t before = place_before(batch, place, is_tree);
      // Matched is 0 at markers, which take no backoff.
      const bool applies = (batch->matched[place] - 1 <= distance)
                           & (distance < batch->lengths[before]);
      const float score = gramdex_float(batch->probabilities[place]);
      const float total = score + gramdex_float(backoffs[before]);
      const uint32_t mask = -(uint32_t)applies;
      batch->probabilities[place] = (gramdex_bits(total) & mask) | (gramdex_bits(score) & ~mask);
    }
  }
  memcpy(scores, batch->probabilities + 1, count * sizeof *scores);
}

static GRAMDEX_INLINE void score_words(gramdex_batch *batch, const gramdex_model *model,
                               const word_source source, uint32_t count, float *scores,
                               uint8_t *orders, const bool is_compact, const bool is_tree) {
  uint32_t active = take_unigrams(batch, model, source, count, is_tree);
  for (uint32_t length = 2; length <= model->order && active > 0; length++) {
    active = fetch(batch, model, source, active, length, is_compact, is_tree);
    const bool is_top = length == model->order;
    if (is_compact) active = probe_compact(batch, active, length, is_top);
    else active = is_top ? probe(batch, active, length, true) : probe(batch, active, length, false);
  }
  add(batch, model, source, count, scores, orders, is_tree);
}

static GRAMDEX_INLINE void score_batch(gramdex_batch *batch, const gramdex_model *model,
                               const uint32_t *ids, uint32_t count, float *scores,
                               uint8_t *orders, const bool is_compact) {
  batch->lengths[0] = batch->lengths[batch->last];
  for (uint32_t distance = 0; distance < batch->lengths[0]; distance++)
    batch->backoffs[distance * PLACES] = batch->backoffs[distance * PLACES + batch->last];
  batch->last = count;
  const word_source source = {ids, NULL, 0};
  score_words(batch, model, source, count, scores, orders, is_compact, false);
}

/// Brings what earlier batches left of the words before to places of this one.
static void take_states(gramdex_batch *batch, const gramdex_units *units, uint32_t first, uint32_t count,
                        uint32_t width) {
  for (uint32_t place = 1; place <= count; place++) {
    const uint32_t unit = first + place - 1, parent = units->parents[unit];
    const bool is_inside = parent >= first;
    const uint32_t before = is_inside ? parent - first + 1 : GRAMDEX_BATCH + place;
    batch->before[place] = before;
    batch->cursors[place] = unit;
    if (is_inside) continue;
    batch->lengths[before] = units->lengths[parent];
    const uint32_t *backoffs = units->backoffs + (size_t)parent * width;
    for (uint32_t distance = 0; distance < width; distance++)
      batch->backoffs[(size_t)distance * PLACES + before] = backoffs[distance];
  }
}

/// Leaves the states of this batch for later ones.
static void leave_states(const gramdex_batch *batch, const gramdex_units *units, uint32_t first,
                         uint32_t count, uint32_t width) {
  for (uint32_t place = 1; place <= count; place++) {
    const uint32_t unit = first + place - 1;
    units->lengths[unit] = batch->lengths[place];
    uint32_t *backoffs = units->backoffs + (size_t)unit * width;
    for (uint32_t distance = 0; distance < width; distance++)
      backoffs[distance] = batch->backoffs[(size_t)distance * PLACES + place];
  }
}

static GRAMDEX_INLINE void score_tree(gramdex_batch *batch, const gramdex_model *model,
                              const gramdex_units *units, uint32_t first, uint32_t count,
                              float *scores, uint8_t *orders) {
  const uint32_t width = model->order > 1 ? model->order - 1 : 1;
  const word_source source = {units->words + first, units, first};
  take_states(batch, units, first, count, width);
  if (model->is_compact) score_words(batch, model, source, count, scores, orders, true, true);
  else score_words(batch, model, source, count, scores, orders, false, true);
  leave_states(batch, units, first, count, width);
}

static GRAMDEX_INLINE void score_any(gramdex_batch *batch, const gramdex_model *model,
                                     const uint32_t *ids, size_t count, float *scores,
                                     uint8_t *orders) {
  if (model->is_compact) score_batch(batch, model, ids, (uint32_t)count, scores, orders, true);
  else score_batch(batch, model, ids, (uint32_t)count, scores, orders, false);
}

#if defined(__x86_64__)
/// Copies for processors that shift by any number and multiply without flags in one step: the same results, 3 to 6 %
/// faster.
#define GRAMDEX_MODERN __attribute__((target("avx2,bmi,bmi2,lzcnt")))

GRAMDEX_MODERN static void score_modern(gramdex_batch *batch, const gramdex_model *model, const uint32_t *ids,
                                        size_t count, float *scores, uint8_t *orders) {
  score_any(batch, model, ids, count, scores, orders);
}

GRAMDEX_MODERN static void score_tree_modern(gramdex_batch *batch, const gramdex_model *model,
                                             const gramdex_units *units, uint32_t first, uint32_t count,
                                             float *scores, uint8_t *orders) {
  score_tree(batch, model, units, first, count, scores, orders);
}

static bool is_modern(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")
         && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("lzcnt");
}
#endif

void gramdex_batch_score(gramdex_batch *batch, const gramdex_model *model, const uint32_t *ids,
                         size_t count, float *scores, uint8_t *orders) {
#if defined(__x86_64__)
  if (is_modern()) {
    score_modern(batch, model, ids, count, scores, orders);
    return;
  }
#endif
  score_any(batch, model, ids, count, scores, orders);
}

void gramdex_batch_score_units(gramdex_batch *batch, const gramdex_model *model, const gramdex_units *units,
                               size_t first, size_t count, float *scores, uint8_t *orders) {
#if defined(__x86_64__)
  if (is_modern()) {
    score_tree_modern(batch, model, units, (uint32_t)first, (uint32_t)count, scores, orders);
    return;
  }
#endif
  score_tree(batch, model, units, (uint32_t)first, (uint32_t)count, scores, orders);
}
