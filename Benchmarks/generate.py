#!/usr/bin/env python3
"""Writes a text of any length whose n-grams grow as those of English do; the same seed gives the same text.

    Benchmarks/generate.py TOKENS [--seed N] > text

The text is a sequence of phrases of one to six words. A phrase is new with a probability that falls as a power of the
phrases so far, else an earlier one is repeated, chosen at random among all places, so frequent phrases become more
frequent (Simon 1955). The words of new phrases are chosen in the same way. Both laws are fitted to English books:
n-grams a token of orders 1 to 5 at 4 and 16 million tokens, see docs/PERFORMANCE.md.
"""

import argparse
import sys

import numpy

BLOCK = 1 << 20


def choose(random, count, start, exponent, first):
    """Returns for each of `count` places the number of its item: new ones ascend, others repeat an earlier place's.

    Place i is new with probability min(1, (start / (i + start)) ** exponent); numbers begin at `first`.
    """
    items = numpy.empty(count, dtype=numpy.int64)
    known = first
    for begin in range(0, count, BLOCK):
        end = min(begin + BLOCK, count)
        places = numpy.arange(begin, end)
        is_new = random.random(end - begin) < (start / (places + start)) ** exponent
        if begin == 0:
            is_new[0] = True
        parents = numpy.where(is_new, places, (random.random(end - begin) * places).astype(numpy.int64))
        # A place's parent may be in this block: follow parents until all lead to a new place or before the block.
        while True:
            inside = parents >= begin
            further = numpy.where(inside, parents[numpy.maximum(parents - begin, 0)], parents)
            if (further == parents).all():
                break
            parents = further
        numbers = known + numpy.cumsum(is_new) - 1
        inside = parents >= begin
        items[begin:end] = numpy.where(
            inside, numbers[numpy.maximum(parents - begin, 0)], items[numpy.minimum(parents, max(begin - 1, 0))]
        )
        known += int(is_new.sum())
    return items, known - first


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokens", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--phrase-start", type=float, default=30.0)
    parser.add_argument("--phrase-exponent", type=float, default=0.2)
    parser.add_argument("--word-start", type=float, default=10.0)
    parser.add_argument("--word-exponent", type=float, default=0.3)
    options = parser.parse_args()
    random = numpy.random.default_rng(options.seed)
    phrases, kinds = choose(random, options.tokens // 2, options.phrase_start, options.phrase_exponent, 0)
    lengths = random.choice(numpy.arange(1, 7), size=kinds, p=[0.30, 0.27, 0.18, 0.12, 0.08, 0.05])
    starts = numpy.concatenate(([0], numpy.cumsum(lengths)))
    words, _ = choose(random, int(starts[-1]), options.word_start, options.word_exponent, 1)
    written = 0
    out = sys.stdout
    for begin in range(0, len(phrases), BLOCK):
        block = phrases[begin : begin + BLOCK]
        count = lengths[block]
        total = int(count.sum())
        offsets = numpy.repeat(starts[block] - numpy.concatenate(([0], numpy.cumsum(count)[:-1])), count)
        ids = words[offsets + numpy.arange(total)]
        ends = random.random(total) < 0.04
        ids = ids[: max(options.tokens - written, 0)]
        out.write("".join(f"w{word}\n" if end else f"w{word} " for word, end in zip(ids.tolist(), ends.tolist())))
        written += len(ids)
        if written >= options.tokens:
            break
    out.write("\n")


if __name__ == "__main__":
    main()
