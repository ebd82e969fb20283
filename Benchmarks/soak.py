"""The soak test behind Benchmarks/soak; see there."""

import argparse
import collections
import filecmp
import json
import pathlib
import re
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEXT_BYTES = 2_000_000_000
MEMORY_BYTES = 1 << 30


def write_text(path, size, seed):
    """Writes `size` bytes: the generator's words are replaced by the sample's, most frequent for most frequent."""
    sample = (ROOT / "pipelines/demo/sample.train.txt").read_text(encoding="utf-8")
    words = [word for word, _ in collections.Counter(sample.split()).most_common()]
    generator = subprocess.Popen(
        [sys.executable, ROOT / "Benchmarks/generate.py", str(size // 5), "--seed", str(seed)],
        stdout=subprocess.PIPE,
        text=True,
    )
    count = len(words)
    written = 0
    with open(path, "w", encoding="utf-8") as out:
        for line in generator.stdout:
            # Beyond the sample's words, a word is one of them with a number.
            ids = (int(word[1:]) - 1 for word in line.split())
            text = " ".join(words[i] if i < count else f"{words[i % count]}{i // count}" for i in ids)
            written += out.write(text + "\n")
            if written >= size:
                break
    generator.kill()
    generator.wait()


def anonymous_bytes(pid):
    """Anonymous memory of a process, 0 when it has ended."""
    try:
        match = re.search(r"RssAnon:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())
        return int(match[1]) << 10 if match else 0
    except OSError:
        return 0


class Build:
    """A build that was started; watches its memory until it ends."""

    def __init__(self, binary, text, index, memory, *flags):
        self.peak = 0
        self.errors = ""
        self.start = time.monotonic()
        arguments = [binary, "build", text, "--output", index, "--memory", str(memory), "--progress", "--json", *flags]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in self.process.stderr:
            self.errors += line

    def wait(self, condition=lambda build: False):
        """Waits until the build ends or `condition` holds; returns whether it still runs."""
        while self.process.poll() is None and not condition(self):
            self.peak = max(self.peak, anonymous_bytes(self.process.pid))
            time.sleep(0.005)
        return self.process.poll() is None

    def finish(self):
        self.wait()
        output = self.process.stdout.read()
        self.reader.join()
        self.seconds = time.monotonic() - self.start
        if self.process.returncode != 0:
            sys.exit(f"the build failed with {self.process.returncode}:\n{self.errors}")
        self.summary = json.loads(output)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    memory = int(MEMORY_BYTES * options.scale)
    text = options.work / "text.txt"
    failures = []

    def check(holds, claim):
        print(("holds: " if holds else "DOES NOT HOLD: ") + claim, flush=True)
        if not holds:
            failures.append(claim)

    start = time.monotonic()
    write_text(text, int(TEXT_BYTES * options.scale), options.seed)
    print(f"text: {text.stat().st_size:,} bytes, seed {options.seed}, {time.monotonic() - start:.0f} s", flush=True)

    whole = Build(options.binary, text, options.work / "whole", memory)
    whole.finish()
    summary = whole.summary
    ngrams = sum(order["ngrams"] for order in summary["orders"])
    print(
        f"build: {summary['tokens']:,} tokens, {summary['vocabularySize']:,} word types, {ngrams:,} n-grams, "
        f"{summary['bytes']['file']:,} bytes, {whole.seconds:.0f} s, {summary['cpuSeconds']:.0f} CPU seconds, "
        f"{summary['temporaryBytesPeak']:,} bytes of temporary files"
    )
    peak = max(whole.peak, summary["peakAnonymousBytes"])
    check(peak <= memory, f"{peak:,} bytes of anonymous memory at most, {memory:,} allowed")

    start = time.monotonic()
    verify = subprocess.run([options.binary, "verify", options.work / "whole"], capture_output=True, text=True)
    check(verify.returncode == 0, f"verify, {time.monotonic() - start:.0f} s: {verify.stdout.strip()[:2000]}")

    # Killed when half of the time that the whole build took has gone; with --resume the work stays.
    index = options.work / "resumed"
    killed = Build(options.binary, text, index, memory, "--resume")
    if killed.wait(lambda build: time.monotonic() - build.start > whole.seconds * 0.6):
        killed.kill()
        print(f"killed after {time.monotonic() - killed.start:.0f} s")
    else:
        check(False, "the build that was to be killed ended too early")
    resumed = Build(options.binary, text, index, memory, "--resume")
    resumed.finish()
    check("unfinished build" in resumed.errors, f"the killed build was resumed, {resumed.seconds:.0f} s")
    peak = max(killed.peak, resumed.peak)
    check(peak <= memory, f"{peak:,} bytes at most in both parts")
    files = sorted(path.name for path in (options.work / "whole").glob("*.mdb"))
    same = [filecmp.cmp(options.work / "whole" / name, index / name, shallow=False) for name in files if (index / name).exists()]
    check(len(same) == len(files) > 0 and all(same), "both indexes have the same bytes")
    left = sorted(path.name for path in index.iterdir() if path.name not in ("MANIFEST", "LOCK") and path.suffix != ".mdb")
    check(not left, f"nothing else is left: {left}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
