"""What the hub test has found: a line for each promise, and the figures."""

import time


class Report:
    def __init__(self):
        self.failures = 0
        self.passed = 0
        self.begin = time.monotonic()
        self.figures = {}

    def check(self, promise, holds, detail=""):
        """One promise: kept or not."""
        if holds:
            self.passed += 1
        else:
            self.failures += 1
        print(f"{'✔' if holds else '✘'} {promise}{f': {detail}' if detail else ''}", flush=True)
        return holds

    def figure(self, key, name, values, unit="s", digits=1):
        """A measurement: printed, and kept under its key as smallest, middle and largest."""
        ordered = sorted(values)
        low, middle, high = ordered[0], ordered[len(ordered) // 2], ordered[-1]
        self.figures[key] = {"low": low, "middle": middle, "high": high, "unit": unit}
        ends = f" (from {low:.{digits}f} to {high:.{digits}f})" if len(ordered) > 1 else ""
        print(f"  {name}: {middle:.{digits}f} {unit}{ends}", flush=True)

    def step(self, what):
        print(f"[{time.monotonic() - self.begin:5.0f} s] {what}", flush=True)

