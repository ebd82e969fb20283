"""Measures building and scoring, and prints a Markdown report with ratios to peers measured in the same run."""

import argparse
import glob
import gzip
import json
import os
import platform
import resource
import re
import shutil
import subprocess
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("--binary", required=True)
parser.add_argument("--corpus", required=True)
parser.add_argument("--test", required=True)
parser.add_argument("--work", required=True)
parser.add_argument("--scoring", help="the program ScoringBenchmark")
options = parser.parse_args()
work = options.work
binary = os.path.abspath(options.binary)


def usage():
    """CPU seconds of all ended children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(command, **arguments):
    """Runs a command; returns its output, CPU seconds and wall seconds."""
    start, before = time.monotonic(), usage()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, **arguments)
    return done.stdout, usage() - before, time.monotonic() - start


def plain(path, name):
    """An uncompressed copy of a text, so that all programs read the same bytes."""
    target = os.path.join(work, name)
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rb") as source, open(target, "wb") as out:
        shutil.copyfileobj(source, out)
    return target


def build(name, *flags, text=None, runs=3):
    """Builds an index and returns its summary with the least CPU and wall time of some runs."""
    index = os.path.join(work, name)
    least_cpu = least_wall = float("inf")
    for _ in range(runs):
        shutil.rmtree(index, ignore_errors=True)
        output, cpu, wall = timed([binary, "build", text or corpus, "-o", index, "--json", *flags], stderr=subprocess.DEVNULL)
        least_cpu, least_wall = min(least_cpu, cpu), min(least_wall, wall)
    summary = json.loads(output)
    summary["cpu"], summary["wall"], summary["index"] = least_cpu, least_wall, index
    if name not in ("exact", "compact"):
        shutil.rmtree(index)
    return summary


corpus = plain(options.corpus, "corpus.txt")
test = plain(options.test, "test.txt")
cores = len(os.sched_getaffinity(0))

print(f"Machine: {cores} cores, {platform.machine()}. Corpus: {os.path.getsize(corpus):,} bytes.\n")
print("### Building, order 5; the least of three runs\n")
print("| what | CPU µs a token | wall µs a token | peak anonymous memory | temporary bytes | bytes an n-gram: scores | counts |")
print("|---|---|---|---|---|---|---|")
rows = [
    ("exact, counts kept, 4G, all cores", "exact", []),
    ("exact, counts kept, 4G, 1 thread", "exact1", ["--threads", "1"]),
    ("exact, --no-counts, 4G, all cores", "nocounts", ["--no-counts"]),
    ("exact, --no-counts, 4G, 1 thread", "nocounts1", ["--no-counts", "--threads", "1"]),
    ("compact, counts kept, 4G", "compact", ["--layout", "compact"]),
    ("exact, counts kept, 1G", "m1g", ["--memory", "1G"]),
    ("exact, counts kept, 256M", "m256", ["--memory", "256M"]),
    ("exact, counts kept, 128M", "m128", ["--memory", "128M"]),
    ("exact, counts kept, 64M", "m64", ["--memory", "64M"]),
]
results = {}
for title, name, flags in rows:
    memory = [] if "--memory" in flags else ["--memory", "4G"]
    result = build(name, *flags, *memory)
    results[name] = result
    tokens = result["tokens"]
    ngrams = sum(order["ngrams"] for order in result["orders"])
    print(
        f"| {title} | {result['cpu'] / tokens * 1e6:.3f} | {result['wall'] / tokens * 1e6:.3f} "
        f"| {result['peakAnonymousBytes'] / 2**20:.0f} MiB | {result['temporaryBytesPeak']:,} "
        f"| {result['bytes']['scores'] / ngrams:.2f} | {result['bytes']['counts'] / ngrams:.2f} |",
        flush=True,
    )

irstlm = next(
    (p for p in ["/usr/lib/irstlm", os.environ.get("IRSTLM", "")] if p and os.path.isdir(p)), None)
print("\n### Against peers\n")
print("| what | Gramdex | peer | peer needs × |")
print("|---|---|---|---|")
tokens = results["exact"]["tokens"]
if irstlm and glob.glob(irstlm + "/bin/build-lm.sh"):
    environment = dict(os.environ, IRSTLM=irstlm, PATH=irstlm + "/bin:" + os.environ["PATH"])
    marked = os.path.join(work, "marked.txt")
    with open(corpus, "rb") as source, open(marked, "wb") as out:
        for line in source:
            words = line.split()
            if words:
                out.write(b"<s> " + b" ".join(words) + b" </s>\n")
    try:
        _, cpu, wall = timed(
            ["bash", irstlm + "/bin/build-lm.sh", "-i", f"cat {marked}", "-n", "5", "-k", "4",
             "-o", os.path.join(work, "irstlm.gz"), "-s", "improved-kneser-ney",
             "-t", os.path.join(work, "irstlm-work")],
            env=environment, stderr=subprocess.DEVNULL, timeout=float(os.environ.get("GRAMDEX_BENCH_PEER_SECONDS", "3600")))
        print(
            f"| corpus → model of order 5, CPU µs a token | {results['exact']['cpu'] / tokens * 1e6:.2f} "
            f"| irstlm build-lm.sh {cpu / tokens * 1e6:.2f} | {cpu / results['exact']['cpu']:.1f} |",
            flush=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        print(f"| corpus → model | | irstlm failed: {type(error).__name__} | |")

try:
    import kenlm
except ImportError:
    kenlm = None
report, cpu, wall = timed([binary, "perplexity", results["exact"]["index"], test, "--json"])
exact = json.loads(report)
report, compact_cpu, _ = timed([binary, "perplexity", results["compact"]["index"], test, "--json"])
compact = json.loads(report)
report, query_cpu, _ = timed([binary, "query", results["exact"]["index"], test, "--json"])
if kenlm:
    arpa = os.path.join(work, "model.arpa")
    _, export_cpu, _ = timed([binary, "export", results["exact"]["index"], "-o", arpa])
    configuration = kenlm.Config()
    configuration.show_progress = False
    model = kenlm.Model(arpa, configuration)
    with open(test, "rb") as source:
        lines = [" ".join(line.decode("utf-8", "replace").split()) for line in source]
    lines = [line for line in lines if line]
    before = time.process_time()
    total = sum(model.score(line, bos=True, eos=True) for line in lines)
    peer = (time.process_time() - before) / exact["tokens"] * 1e6
    print(
        f"| score a text, tokenising included, CPU µs a word | {cpu / exact['tokens'] * 1e6:.3f} (perplexity, exact) "
        f"| kenlm Model.score {peer:.3f} | {peer / (cpu / exact['tokens'] * 1e6):.1f} |")
    print(
        f"| the same, compact | {compact_cpu / exact['tokens'] * 1e6:.3f} | kenlm {peer:.3f} "
        f"| {peer / (compact_cpu / exact['tokens'] * 1e6):.1f} |")
    print(
        f"| log10 probability of the text | {exact['log10Probability']:.2f} | kenlm {total:.2f} "
        f"| difference {abs(total - exact['log10Probability']):.3f} |")
print(
    f"| words scored a CPU second | batches {exact['tokens'] / cpu:,.0f} | one by one with output (query) "
    f"{exact['tokens'] / query_cpu:,.0f} | {query_cpu / cpu:.1f} |")
print(
    f"\nPerplexity: exact {exact['perplexity']:.4f}, compact {compact['perplexity']:.4f} "
    f"({(compact['perplexity'] / exact['perplexity'] - 1) * 100:+.3f} %).")

if options.scoring:
    print("\n### Known words, one thread, CPU ns a word\n")
    print("| layout | one after the other | batches | opening and first answer |")
    print("|---|---|---|---|")
    for layout in ("exact", "compact"):
        output, _, _ = timed([options.scoring, results[layout]["index"], test])
        found = dict(re.findall(r"(sequential|batched|first answer)\s+([0-9.]+)", output.decode()))
        print(f"| {layout} | {found['sequential']} | {found['batched']} | {found['first answer']} ms |", flush=True)

growth = os.environ.get("GRAMDEX_BENCH_GROWTH", "4000000 32000000").split()
try:
    import numpy  # noqa: F401, the generator needs it
except ImportError:
    growth = []
if growth:
    print("\n### Growth: generated text, --no-counts, --memory 1G, 1 thread\n")
    print("| tokens | n-grams a token, orders 1–5 | CPU µs a token | of the first | peak memory | temporary bytes a token |")
    print("|---|---|---|---|---|---|")
    base = None
    for size in growth:
        text = os.path.join(work, "generated.txt")
        with open(text, "wb") as out:
            subprocess.run([sys.executable, os.path.join(os.path.dirname(__file__), "generate.py"), size], stdout=out, check=True)
        result = build("grown", "--no-counts", "--memory", "1G", "--threads", "1", text=text, runs=1)
        tokens = result["tokens"]
        cost = result["cpu"] / tokens * 1e6
        base = base or cost
        shares = ", ".join(f"{order['ngrams'] / tokens:.3f}" for order in result["orders"])
        print(
            f"| {tokens:,} | {shares} | {cost:.3f} | {cost / base:.2f} | {result['peakAnonymousBytes'] / 2**20:.0f} MiB "
            f"| {result['temporaryBytesPeak'] / tokens:.1f} |", flush=True)
