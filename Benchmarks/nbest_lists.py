#!/usr/bin/env python3
"""Makes 100-best lists out of a text, as recognisers give them: hypotheses that differ in a few places.

    nbest_lists.py TEXT LISTS OUT [--best 100] [--seed 1]

Each list is a sentence of 12 to 40 words with eight places where any of three other words may stand; a hypothesis has at most
three of them. Other words come from the most frequent two thousand. Writes a line for each hypothesis: ID<TAB>TEXT.
"""

import argparse
import collections
import gzip
import random


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("text")
    parser.add_argument("lists", type=int)
    parser.add_argument("out")
    parser.add_argument("--best", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    opened = gzip.open if arguments.text.endswith(".gz") else open
    with opened(arguments.text, "rt", encoding="utf-8") as file:
        sentences = [line.split() for line in file]
    counts = collections.Counter(word for sentence in sentences for word in sentence)
    frequent = [word for word, _ in counts.most_common(2000)]
    candidates = [sentence for sentence in sentences if 12 <= len(sentence) <= 40]
    draw = random.Random(arguments.seed)
    with open(arguments.out, "w", encoding="utf-8") as out:
        for number in range(arguments.lists):
            sentence = candidates[number * 7 % len(candidates)]
            places = sorted(draw.sample(range(len(sentence)), 8))
            others = [[sentence[place]] + draw.sample(frequent, 3) for place in places]
            seen = {}
            while len(seen) < arguments.best:
                choice = [0] * len(places)
                for _ in range(draw.randrange(4)):
                    choice[draw.randrange(len(places))] = draw.randrange(4)
                seen.setdefault(tuple(choice))
            for choice in seen:
                hypothesis = list(sentence)
                for place, words, index in zip(places, others, choice):
                    hypothesis[place] = words[index]
                out.write(f"list{number}\t{' '.join(hypothesis)}\n")


if __name__ == "__main__":
    main()
