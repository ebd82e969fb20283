#!/usr/bin/env python3
"""Rescoring of n-best lists in one run against PyPI's torch and kenlm, one thread each: hypotheses per CPU second.

    rescoring.py --ours RescoringBenchmark --binary gramdex --corpus TEXT --test TEXT --work FOLDER

Builds an index of order 5 of TEXT with an LSTM of 200 units over 10,000 words (noise contrast, one epoch of at most 300,000 words), makes
100-best lists of the test text, and rescores them: by PyTorch's LSTM of the same shape, a list a batch, with the full soft-max in
32-bit floats and in bfloat16; by KenLM's Python module in a loop, which reads the same model from an ARPA file; by Gramdex.
"""

import argparse
import gzip
import os
import pathlib
import subprocess
import time

SECONDS = 4


def rate(run, hypotheses):
    """Hypotheses per CPU second, the first run left out."""
    run()
    runs, start = 0, time.process_time()
    while time.process_time() - start < SECONDS:
        run()
        runs += 1
    return runs * hypotheses / (time.process_time() - start)


def read_lists(path):
    lists = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            name, text = line.rstrip("\n").split("\t", 1)
            lists.setdefault(name, []).append(text)
    return list(lists.values())


def pytorch(lists, words):
    """The better of PyTorch's precisions, and its name."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(1)
    numbers = {word: number for number, word in enumerate(words)}
    unknown, end = 0, 1

    class Network(torch.nn.Module):
        def __init__(self, size=200):
            super().__init__()
            self.vectors = torch.nn.Embedding(len(words), size)
            self.lstm = torch.nn.LSTM(size, size, batch_first=True)
            self.output = torch.nn.Linear(size, len(words))

        def forward(self, inputs, targets):
            logits = self.output(self.lstm(self.vectors(inputs))[0])
            logs = -torch.nn.functional.cross_entropy(
                logits.flatten(0, 1).float(), targets.flatten(), reduction="none", ignore_index=-1
            )
            return logs.view(targets.shape).sum(1)

    batches = []
    for hypotheses in lists:
        ids = [[numbers.get(word, unknown) for word in text.split()] + [end] for text in hypotheses]
        longest = max(map(len, ids))
        targets = torch.full((len(ids), longest), -1)
        inputs = torch.full((len(ids), longest), end)
        for row, sentence in enumerate(ids):
            targets[row, : len(sentence)] = torch.tensor(sentence)
            inputs[row, 1 : len(sentence)] = torch.tensor(sentence[:-1])
        batches.append((inputs, targets))
    network = Network().eval()
    hypotheses = sum(map(len, lists))
    rates = {}
    with torch.inference_mode():
        for name in ("float32", "bfloat16"):
            model = network if name == "float32" else network.to(torch.bfloat16)

            def run():
                for inputs, targets in batches:
                    model(inputs, targets)

            rates[name] = rate(run, hypotheses)
    best = max(rates, key=rates.get)
    return rates[best], best, rates


def kenlm_loop(lists, arpa):
    import kenlm

    model = kenlm.Model(str(arpa))
    texts = [text for hypotheses in lists for text in hypotheses]
    return rate(lambda: [model.score(text) for text in texts], len(texts))


def ours(arguments, index, model, lists):
    """Rows of RescoringBenchmark: name to hypotheses per CPU second, and the agreement that follows it."""
    output = subprocess.run(
        [arguments.ours, index, model, lists, str(SECONDS)], check=True, capture_output=True, text=True
    ).stdout
    rows, last = {}, None
    for line in output.splitlines():
        name, _, value = line.partition("\t")
        if value.endswith("per CPU second"):
            last = name
            rows[name] = [float(value.split()[0]), None]
        elif name == "same best as exact" and last:
            rows[last][1] = float(value)
    return rows, output.splitlines()[0]


def main():
    parser = argparse.ArgumentParser()
    for name in ("ours", "binary", "corpus", "test", "work"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--lists", type=int, default=60)
    arguments = parser.parse_args()
    work = pathlib.Path(arguments.work)
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    index, small, arpa = work / "rescoring.gramdex", work / "small.txt", work / "rescoring.arpa"
    subprocess.run([arguments.binary, "build", arguments.corpus, "-o", index, "--order", "5"], **quiet)
    opened = gzip.open if arguments.corpus.endswith(".gz") else open
    with opened(arguments.corpus, "rt", encoding="utf-8") as file, open(small, "w", encoding="utf-8") as out:
        for _, line in zip(range(14_000), file):
            out.write(line)
    subprocess.run(
        [arguments.binary, "train", index, small, "--valid", small, "--name", "lstm", "--epochs", "1",
         "--sentence-state", "reset"], **quiet
    )
    lists = work / "lists.tsv"
    script = pathlib.Path(__file__).with_name("nbest_lists.py")
    subprocess.run(["python3", script, arguments.test, str(arguments.lists), lists], check=True)
    read = read_lists(lists)
    print("### Rescoring, hypotheses per CPU second\n")
    neural, size = ours(arguments, index, "lstm", lists)
    print(f"{size}; one thread.\n")
    print("| what | peer | here | ratio | same best as exact |\n|---|---|---|---|---|")
    words = [f"word{number}" for number in range(10_000)]
    try:
        torch_rate, precision, rates = pytorch(read, words)
        peer = f"PyTorch {precision} {torch_rate:,.0f}"
    except ImportError:
        torch_rate, peer = None, "torch is not installable here"
    for name, (value, agreement) in neural.items():
        ratio = f"{value / torch_rate:.1f} ×" if torch_rate else ""
        same = "" if agreement is None else f"{100 * agreement:.1f} %"
        print(f"| LSTM 200, V = 10,000, {name} | {peer} | {value:,.0f} | {ratio} | {same} |")
    subprocess.run([arguments.binary, "export", index, "-o", arpa], **quiet)
    value = ours(arguments, index, "ngram", lists)[0]["exact"][0]
    try:
        loop = kenlm_loop(read, arpa)
        print(f"| n-gram, order 5 | KenLM's module, a loop {loop:,.0f} | {value:,.0f} | {value / loop:.1f} × | |")
    except ImportError:
        print(f"| n-gram, order 5 | kenlm is not installable here | {value:,.0f} | | |")
    os.remove(arpa)


if __name__ == "__main__":
    main()
