"""What the hub test has found: a line for each promise, and the figures."""

import time


class Report:
    def __init__(self):
        self.failures = 0
        self.passed = 0
        self.begin = time.monotonic()

    def check(self, promise, holds, detail=""):
        """One promise: kept or not."""
        if holds:
            self.passed += 1
        else:
            self.failures += 1
        print(f"{'✔' if holds else '✘'} {promise}{f': {detail}' if detail else ''}", flush=True)
        return holds

    def figure(self, name, value):
        print(f"  {name}: {value}", flush=True)

    def step(self, what):
        print(f"[{time.monotonic() - self.begin:5.0f} s] {what}", flush=True)


def spread(values, unit="s", digits=1):
    """A list of measurements: smallest, middle, largest."""
    ordered = sorted(values)
    middle = ordered[len(ordered) // 2]
    return f"{middle:.{digits}f} {unit} (from {ordered[0]:.{digits}f} to {ordered[-1]:.{digits}f})"
