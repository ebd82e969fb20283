#!/usr/bin/env python3
"""Trains one network of each architecture on a corpus and prints the table of docs/EXPERIMENTS.md.

experiments.py GRAMDEX TRAIN VALID TEST [--epochs N] [--hidden N] [--threads N] [--work FOLDER] [--only NAMES]

Each row is one command; what it printed goes to standard error, the table, as Markdown, to standard output.
"""

import argparse
import json
import subprocess
import sys
import time

ROWS = [
    ("bengio", "Bengio 5-gram", "--architecture feed-forward --order 5"),
    ("bengio-direct", "Bengio 5-gram, direct connections", "--architecture feed-forward --order 5 --direct-connections"),
    ("elman", "Elman, sigmoid", "--architecture elman"),
    ("elman-tanh", "Elman, tanh", "--architecture elman --activation tanh"),
    ("elman-maxent", "Elman, sigmoid, maximum-entropy 3-grams", "--architecture elman --maxent-order 3"),
    ("irnn", "IRNN", "--architecture irnn"),
    ("gru", "GRU", "--architecture gru"),
    ("lstm", "LSTM", "--architecture lstm"),
    ("lstm-2", "LSTM, 2 layers", "--architecture lstm --layers 2"),
    ("lstm-tied", "LSTM, tied", "--architecture lstm --tie"),
]


def run(command):
    print("$ " + " ".join(command), file=sys.stderr, flush=True)
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("gramdex", "train", "valid", "test"):
        parser.add_argument(name)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--hidden", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--work", default="experiments.gramdex")
    parser.add_argument("--only", default="")
    parser.add_argument("--extra", default="", help="more flags of train, for all rows")
    options = parser.parse_args()
    gramdex, index = options.gramdex, options.work
    run([gramdex, "build", options.train, "-o", index, "--order", "5", "--replace"])

    def perplexity(model):
        return json.loads(run([gramdex, "perplexity", index, options.test, "--json", "--model", model]))

    def mixed(models):
        text = run([gramdex, "tune-mixture", index, options.valid, "--model", ",".join(models), "--json"])
        tuned = json.loads(text)
        mixture = ",".join(f"{m}:{w:.4f}" for m, w in zip(models, tuned["weights"]))
        return perplexity(mixture), mixture

    print("| model | parameters | epochs | CPU s an epoch | test | with KN5 | weights |")
    print("|---|---|---|---|---|---|---|")
    base = perplexity("ngram")
    print(f"| KN5 | | | | {base['perplexity']:.1f} | | |", flush=True)
    trained = []
    for name, title, flags in ROWS:
        if options.only and name not in options.only.split(","):
            continue
        start = time.time()
        text = run([gramdex, "train", index, options.train, "--valid", options.valid, "--name", name, "--replace",
                    "--hidden", str(options.hidden), "--epochs", str(options.epochs), "--threads",
                    str(options.threads), "--json"] + flags.split() + options.extra.split())
        summary = json.loads(text)
        epochs = len(summary["developmentPerplexities"])
        alone = perplexity(name)
        both, weights = mixed(["ngram", name])
        trained.append(name)
        print(f"| {title} | {summary['parameters']:,} | {summary['bestEpoch']} of {epochs} "
              f"| {summary['cpuSeconds'] / epochs:.1f} | {alone['perplexity']:.1f} | {both['perplexity']:.1f} "
              f"| {weights} |", flush=True)
        print(f"{name}: {time.time() - start:.0f} s", file=sys.stderr)
    if len(trained) > 1:
        both, weights = mixed(["ngram"] + trained)
        print(f"| all of them | | | | | {both['perplexity']:.1f} | {weights} |")


if __name__ == "__main__":
    main()
