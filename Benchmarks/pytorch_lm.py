#!/usr/bin/env python3
"""The same LSTM language model as `gramdex train --softmax full`, in PyTorch: perplexity of the development text an epoch.

pytorch_lm.py TRAIN VALID [--hidden 200] [--dropout 0.2] [--epochs 3] [--vocabulary 10000] [--seed 1]

Words, lanes, windows, first weights, dropout, loss, clipping and Adagrad are those of gramdex; random numbers are not.
"""

import argparse
import math
import time
from collections import Counter

import torch


def ids(path, words):
    out = []
    for line in open(path, encoding="utf-8", errors="replace"):
        line = line.split()
        if line:
            out += [words.get(w, 0) for w in line] + [1]
    return torch.tensor(out)


class Model(torch.nn.Module):
    def __init__(self, size, hidden, dropout, frequencies):
        super().__init__()
        self.embedding = torch.nn.Embedding(size, hidden)
        self.recurrent = torch.nn.LSTM(hidden, hidden)
        self.output = torch.nn.Linear(hidden, size)
        self.drop = torch.nn.Dropout(dropout)
        bound = hidden ** -0.5
        with torch.no_grad():
            self.embedding.weight.uniform_(-0.1, 0.1)
            self.output.weight.uniform_(-0.1, 0.1)
            self.output.bias.copy_(torch.log(frequencies / frequencies.sum()))
            for name, value in self.recurrent.named_parameters():
                value.uniform_(-bound, bound) if "weight" in name else value.zero_()
            self.recurrent.bias_ih_l0[hidden:2 * hidden] = 1
        # One bias learns: the other is only ever added to it.
        self.recurrent.bias_hh_l0.requires_grad_(False)

    def forward(self, x, state):
        h, state = self.recurrent(self.drop(self.embedding(x)), state)
        return self.output(self.drop(h)), state


def lanes(text, count):
    length = len(text) // count
    before = torch.cat([torch.tensor([1]), text[:-1]])
    cut = lambda t: t[:length * count].view(count, length).t().contiguous()
    return cut(before), cut(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train")
    parser.add_argument("valid")
    for name, value in (("hidden", 200), ("epochs", 3), ("vocabulary", 10000), ("seed", 1), ("lanes", 20), ("bptt", 35)):
        parser.add_argument("--" + name, type=int, default=value)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--rate", type=float, default=0.1)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    counts = Counter(w for line in open(options.train, encoding="utf-8", errors="replace") for w in line.split())
    known = [w for w, _ in counts.most_common(options.vocabulary - 2)]
    words = {w: i + 2 for i, w in enumerate(known)}
    train, valid = ids(options.train, words), ids(options.valid, words)
    size = len(known) + 2
    frequencies = torch.bincount(train, minlength=size).float() + 1
    model = Model(size, options.hidden, options.dropout, frequencies)
    learned = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adagrad(learned, lr=options.rate, initial_accumulator_value=1e-4)
    zero = lambda: (torch.zeros(1, options.lanes, options.hidden), torch.zeros(1, options.lanes, options.hidden))
    loss_of = torch.nn.CrossEntropyLoss(reduction="sum")
    for epoch in range(options.epochs):
        start, state = time.process_time(), zero()
        model.train()
        x, y = lanes(train, options.lanes)
        for t in range(0, len(x), options.bptt):
            state = tuple(s.detach() for s in state)
            logits, state = model(x[t:t + options.bptt], state)
            loss = loss_of(logits.flatten(0, 1), y[t:t + options.bptt].flatten()) / options.lanes
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learned, 5.0)
            optimizer.step()
        seconds = time.process_time() - start
        model.eval()
        x, y = lanes(valid, options.lanes)
        total, state = 0.0, zero()
        with torch.no_grad():
            for t in range(0, len(x), options.bptt):
                logits, state = model(x[t:t + options.bptt], state)
                total += loss_of(logits.flatten(0, 1), y[t:t + options.bptt].flatten()).item()
        print(f"epoch {epoch + 1}: development text {math.exp(total / y.numel()):.2f}, {seconds:.0f} CPU s", flush=True)


if __name__ == "__main__":
    main()
