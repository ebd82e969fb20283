// Scoring of all words after one context: what the sum of a log-linear mixture, ranks and samples of a distribution take.
//
// The words of the context are the same for all, so each n-gram is one multiplication away from it. Order by order, the
// memory of 256 words is asked for and then looked into; a word whose n-gram is not stored goes no further.
#include "gramdex_scores.h"

enum { WORDS = 256 };

void gramdex_score_all(const gramdex_model *model, const uint32_t *context, const uint32_t *backoffs,
                       uint32_t count, float *scores) {
  const gramdex_table *tables = count > 0 ? gramdex_tables_before(model, context[0]) : NULL;
  uint32_t active[WORDS], matched[WORDS];
  uint64_t hashes[WORDS];
  for (uint32_t start = 0; start < model->words; start += WORDS) {
    const uint32_t rest = model->words - start, size = rest < WORDS ? rest : WORDS;
    for (uint32_t i = 0; i < size; i++) {
      scores[start + i] = gramdex_float(gramdex_load32(model->unigrams + 8 * (size_t)(start + i)));
      matched[i] = 1;
      active[i] = i;
    }
    uint32_t alive = size;
    uint64_t sum = 0;
    for (uint32_t length = 2; length <= count + 1 && alive > 0; length++) {
      const gramdex_table *table = tables + (length - 2);
      sum += context[length - 2] * model->multipliers[length - 1];
      for (uint32_t i = 0; i < alive; i++) {
        const uint64_t word = start + active[i];
        hashes[i] = gramdex_ngram_hash(sum + word * model->multipliers[0], model->seed);
        gramdex_prefetch(table->is_compact ? gramdex_pilot(table, hashes[i])
                                           : gramdex_home(table, hashes[i]));
      }
      uint32_t found = 0;
      for (uint32_t i = 0; i < alive; i++) {
        const uint32_t word = active[i];
        const gramdex_answer answer = gramdex_find(table, hashes[i]);
        if (!answer.found) continue;
        scores[start + word] = gramdex_float(answer.probability);
        matched[word] = length;
        active[found++] = word;
      }
      alive = found;
    }
    for (uint32_t distance = 0; distance < count; distance++) {
      const float backoff = gramdex_float(backoffs[distance]);
      for (uint32_t i = 0; i < size; i++)
        if (matched[i] <= distance + 1) scores[start + i] += backoff;
    }
  }
}
