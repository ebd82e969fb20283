// Scoring of one word after the other. Paid for by ScoringBenchmark ("sequential"). Its slow and simple twin, with which the
// tests compare it, is NGramModel.scoreLong.
//
// All n-grams that a word may form are known before the first is found, so the memory of all is asked for at once.
// Then they are looked into one after the other, until one is not found. What a processor guesses right it does
// ahead, so that the next word's memory is often asked for while this one's is under way: that takes few instructions, and
// states that are stored in pieces of the size in which they are read (otherwise a read waits until all
// stores before it are done). Measured: looking into everything without a branch takes 241 ns a word where this takes 132.
#include "gramdex_scores.h"

/// Puts a word before the others. They are read in the pieces in which they are stored.
static GRAMDEX_INLINE void put_word(gramdex_state *state, uint32_t word) {
#if defined(__SSE2__)
  __m128i *words = (__m128i *)state->words;
  const __m128i low = _mm_loadu_si128(words), high = _mm_loadu_si128(words + 1);
  _mm_storeu_si128(words, _mm_or_si128(_mm_slli_si128(low, 4), _mm_cvtsi32_si128((int)word)));
  _mm_storeu_si128(words + 1, _mm_or_si128(_mm_slli_si128(high, 4), _mm_srli_si128(low, 12)));
#else
  memmove(state->words + 1, state->words, 4 * (GRAMDEX_STATE_WORDS - 1));
  state->words[0] = word;
#endif
}

static GRAMDEX_INLINE gramdex_score score_word(const gramdex_model *model, uint32_t word,
                                              gramdex_state *state, const uint32_t order,
                                              const bool is_compact) {
  uint64_t hashes[GRAMDEX_STATE_WORDS], records[GRAMDEX_STATE_WORDS];
  const uint8_t *homes[GRAMDEX_STATE_WORDS];
  const uint32_t last = order - 1;
  // A state of another model may be longer.
  const uint32_t count = state->count < last ? state->count : last;
  const gramdex_table *tables =
      model->tables + gramdex_shard(&model->shards, state->words[0]) * last;
  uint64_t sum = word * model->multipliers[0];
  for (uint32_t i = 0; i < last; i++) {
    sum += state->words[i] * model->multipliers[i + 1];
    hashes[i] = gramdex_ngram_hash(sum, model->seed);
    homes[i] = is_compact ? gramdex_pilot(tables + i, hashes[i])
                          : gramdex_home(tables + i, hashes[i]);
    gramdex_prefetch(homes[i]);
  }
  for (uint32_t i = 0; is_compact && i < last; i++) {
    records[i] = gramdex_record(tables + i, hashes[i], *homes[i]);
    gramdex_prefetch(gramdex_record_address(records[i]));
  }
  const uint8_t *unigram = model->unigrams + 8 * (size_t)word;
  uint32_t probability = gramdex_load32(unigram);
  // The backoff of what was found last: it is stored when the one before is not needed any more.
  uint32_t backoff = gramdex_load32(unigram + 4);
  uint32_t matched = 1;
  uint32_t length = backoff != GRAMDEX_NO_BACKOFF && last > 0;
  for (uint32_t i = 0; i < count; i++) {
    const bool is_top = i + 1 == last;
    const gramdex_table *table = tables + i;
    gramdex_answer found;
    if (!is_compact) found = gramdex_find_exact(table, hashes[i], homes[i], is_top);
    else if (*homes[i] == GRAMDEX_PILOT_ASIDE) found = gramdex_find_aside(table, hashes[i]);
    else found = gramdex_find_record(table, hashes[i], records[i]);
    if (!found.found) break;
    probability = found.probability;
    matched++;
    state->backoffs[i] = backoff;
    backoff = found.backoff;
    if (is_top) break;
    length = gramdex_select(found.backoff != GRAMDEX_NO_BACKOFF, i + 2, length);
  }
  float total = gramdex_float(probability);
  for (uint32_t i = matched - 1; i < count; i++) total += gramdex_float(state->backoffs[i]);
  if (matched <= last) state->backoffs[matched - 1] = backoff;
  state->count = length;
  put_word(state, word);
  return (gramdex_score){total, matched};
}

gramdex_score gramdex_score_word(const gramdex_model *model, uint32_t word, gramdex_state *state) {
  if (model->is_compact) return score_word(model, word, state, model->order, true);
  switch (model->order) {
  case 3: return score_word(model, word, state, 3, false);
  case 4: return score_word(model, word, state, 4, false);
  case 5: return score_word(model, word, state, 5, false);
  default: return score_word(model, word, state, model->order, false);
  }
}
