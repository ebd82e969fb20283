#!/usr/bin/env python3
"""Measures words a CPU second of training, PyTorch's and ours, in one run.

    python3 -m venv venv && venv/bin/pip install torch numpy
    swift build -c release --product NeuralBenchmark
    venv/bin/python Benchmarks/neural.py --ours .build/release/NeuralBenchmark [--text FILE] [--only REGEX]

Each row is the same training step: V = 10,000 words, 20 lanes, 35 steps, dropout 0.2, clipping of the global norm, the state
carried from window to window. PyTorch runs SGD, its cheapest step. Words are drawn from Zipf's law, as our program
draws them, or are those of FILE (its 10,000 commonest, plain or .gz; PyTorch only). Every measurement is a process of
its own; PyTorch's and ours alternate, `--repeats` times; the figure of one is the median over its windows after the warm-up,
the figure of a row is the median over repeats. The table goes to standard output as Markdown. A machine that does other
things at the same time measures those too: the load is printed.
"""

import argparse
import collections
import gzip
import json
import os
import re
import statistics
import subprocess
import sys
import time

V, LANES, STEPS, DROPOUT, CLIP = 10_000, 20, 35, 0.2, 5.0

# name, PyTorch's settings, our arguments (architecture, soft-max), hidden units, layers, threads.
ROWS = [
    ("LSTM 200, full soft-max", ["lstm full float32", "lstm full bfloat16"], ["lstm full"], 200, 1, 1, "1.5"),
    ("LSTM 200, NCE or adaptive", ["lstm adaptive float32", "lstm adaptive bfloat16"],
     ["lstm noise", "lstm adaptive"], 200, 1, 1, "5"),
    ("Elman 200, full soft-max", ["elman full float32", "elman full bfloat16"], ["elman full"], 200, 1, 1, ""),
    ("Elman 200, NCE", [], ["elman noise"], 200, 1, 1, ""),
    ("Elman 200, 100 classes", [], ["elman classes"], 200, 1, 1, ""),
    ("LSTM 650 × 2, full soft-max", ["lstm full float32", "lstm full bfloat16"], ["lstm full"], 650, 2, 1, "1.5"),
    ("LSTM 200, full soft-max, 2 threads", ["lstm full float32", "lstm full bfloat16"], ["lstm full"], 200, 1, 2, ""),
    ("LSTM 200, NCE, 2 threads", [], ["lstm noise"], 200, 1, 2, ""),
]


def ids_of_text(path, count):
    opened = gzip.open(path, "rt") if path.endswith(".gz") else open(path, encoding="utf-8")
    with opened as file:
        words = [word for line in file for word in line.split() + ["</s>"]]
    common = collections.Counter(words).most_common(V - 1)
    numbers = {word: number + 1 for number, (word, _) in enumerate(common)}
    ids = [numbers.get(word, 0) for word in words]
    return (ids * (count // len(ids) + 1))[:count]


def torch_child(settings):
    """One measurement of PyTorch, in this process; prints words a CPU second and words a second."""
    import torch
    from torch import nn

    torch.set_num_threads(settings["threads"])
    torch.manual_seed(1)
    architecture, softmax, precision = settings["kind"].split()
    hidden, layers, windows = settings["hidden"], settings["layers"], settings["windows"]

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(V, hidden)
            kind = {"lstm": nn.LSTM, "gru": nn.GRU, "elman": nn.RNN}[architecture]
            self.recurrent = kind(hidden, hidden, layers, dropout=DROPOUT if layers > 1 else 0)
            self.dropout = nn.Dropout(DROPOUT)
            if softmax == "adaptive":
                self.output = nn.AdaptiveLogSoftmaxWithLoss(hidden, V, settings["cutoffs"])
            else:
                self.output = nn.Linear(hidden, V)

        def forward(self, words, targets, state):
            rows, state = self.recurrent(self.dropout(self.embedding(words)), state)
            rows = self.dropout(rows).reshape(-1, hidden)
            if softmax == "adaptive":
                return self.output(rows, targets.reshape(-1)).loss, state
            return nn.functional.cross_entropy(self.output(rows), targets.reshape(-1)), state

    count = (windows * STEPS + 1) * LANES
    if settings["text"]:
        words = torch.tensor(ids_of_text(settings["text"], count))
        words = words.reshape(LANES, -1).T.contiguous()
    else:
        words = torch.multinomial(1 / torch.arange(1, V + 1, dtype=torch.float64), count, replacement=True)
        words = words.reshape(-1, LANES)
    network = Network()
    optimizer = torch.optim.SGD(network.parameters(), 1.0)
    state, cpu, wall = None, [], []
    for window in range(windows):
        start, start_wall = time.process_time(), time.perf_counter()
        place = window * STEPS
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            loss, state = network(words[place:place + STEPS], words[place + 1:place + STEPS + 1], state)
        optimizer.zero_grad()
        (loss * STEPS).backward()
        nn.utils.clip_grad_norm_(network.parameters(), CLIP)
        optimizer.step()
        state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
        if window >= settings["warm"]:
            cpu.append(time.process_time() - start)
            wall.append(time.perf_counter() - start_wall)
    print(json.dumps([STEPS * LANES / statistics.median(cpu), STEPS * LANES / statistics.median(wall)]))


def measure_torch(kind, row, arguments):
    _, _, _, hidden, layers, threads, _ = row
    # The better of two usual cuts.
    best = None
    for cutoffs in ([2000], [1000, 4000]) if " adaptive " in kind else ([],):
        settings = {"kind": kind, "hidden": hidden, "layers": layers, "threads": threads, "cutoffs": cutoffs,
                    "windows": arguments.windows, "warm": arguments.warm, "text": arguments.text}
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads))
        command = [sys.executable, __file__, "--child", json.dumps(settings)]
        outcome = subprocess.run(command, capture_output=True, text=True, env=environment)
        if outcome.returncode:
            print(f"PyTorch, {kind}: {outcome.stderr[-500:]}", file=sys.stderr)
            continue
        found = json.loads(outcome.stdout)
        best = found if best is None else max(best, found)
    return best


def measure_ours(kind, row, arguments):
    _, _, _, hidden, layers, threads, _ = row
    command = [arguments.ours, *kind.split(), str(hidden), str(layers), str(threads), str(arguments.windows)]
    outcome = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"(\d+) words a CPU second, (\d+) a second", outcome.stdout)
    if outcome.returncode or not found:
        print(f"ours, {kind}: {(outcome.stdout + outcome.stderr)[-500:]}", file=sys.stderr)
        return None
    return [float(found[1]), float(found[2])]


def median(figures):
    figures = [figure for figure in figures if figure]
    return [statistics.median(column) for column in zip(*figures)] if figures else None


def shown(figures):
    return "–" if not figures else f"{figures[0]:,.0f} ({figures[1]:,.0f})"


def main():
    parser = argparse.ArgumentParser(description="Measures training against PyTorch on the CPU.")
    parser.add_argument("--ours", help="the built NeuralBenchmark")
    parser.add_argument("--text", help="a text instead of random words (PyTorch only)")
    parser.add_argument("--only", default="", help="rows whose name this pattern is found in")
    parser.add_argument("--windows", type=int, default=25)
    parser.add_argument("--warm", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        return torch_child(json.loads(arguments.child))

    import torch
    print(f"PyTorch {torch.__version__}, load before {os.getloadavg()[0]:.2f}, {arguments.repeats} repeats of "
          f"{arguments.windows - arguments.warm} windows; words a CPU second (words a second)\n", flush=True)
    print("| training | PyTorch f32 | PyTorch bf16 | here | here ÷ PyTorch's better | wanted |\n|---|---|---|---|---|---|",
          flush=True)
    for row in ROWS:
        name, theirs, ours, *_, wanted = row
        if not re.search(arguments.only, name):
            continue
        figures = collections.defaultdict(list)
        for _ in range(arguments.repeats):
            for kind in theirs:
                figures[kind].append(measure_torch(kind, row, arguments))
            for kind in ours if arguments.ours else []:
                figures["ours " + kind].append(measure_ours(kind, row, arguments))
        torch_figures = [median(figures[kind]) for kind in theirs] + [None] * (2 - len(theirs))
        our_figures = [median(figures["ours " + kind]) for kind in ours]
        better = max((f[0] for f in torch_figures if f), default=None)
        here = ", ".join(f"{kind.split()[1]} {shown(f)}" for kind, f in zip(ours, our_figures))
        ratios = ", ".join(f"{f[0] / better:.2f} ×" if f and better else "–" for f in our_figures)
        print(f"| {name} | {shown(torch_figures[0])} | {shown(torch_figures[1])} | {here} | {ratios} | "
              f"{'≥ ' + wanted + ' ×' if wanted else ''} |", flush=True)
    print(f"\nload after {os.getloadavg()[0]:.2f}")


main()
