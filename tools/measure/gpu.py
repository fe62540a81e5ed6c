"""Measures what one NVIDIA GPU really does on DeepSeek-V3's operations, for lesson 06.

    python tools/measure/gpu.py --out data/measurements/h200.json

Needs nothing but Python and torch (2.10 or later for block-scaled FP8; what a version lacks is recorded as an error
and the rest goes on). Takes about a minute on an H200. `--quick --device cpu` runs every part at a small size, to
test the script without a GPU; its figures say nothing about hardware.

What a row means: `seconds` is the median of `repetitions` runs timed with CUDA events, `low` and `high` are the 10th
and 90th percentiles. Before each run the L2 cache is overwritten, so operands come from memory as they do when a layer
is one of many ("warm" rows of the bandwidth part leave it out). Operands are random: zeros would draw less power
and clock higher. FLOP counts multiply and add as two. Bytes are the operands and results once each, what a perfect
kernel would move.
"""

import argparse
import datetime
import hashlib
import json
import math
import platform
import subprocess
import sys
import threading
import time

import torch

# Widths of DeepSeek-V3 (configs/config_671B.json): hidden, expert, heads, head widths, latent ranks.
HIDDEN, EXPERT, HEADS, NOPE, ROPE, VALUE, LATENT, QUERY_LATENT = 7168, 2048, 128, 128, 64, 128, 512, 1536
E4M3_MAX = 448.0


class Bench:
    """Times functions on one device: warm-up, cache flush, events, median and spread."""

    def __init__(self, device, quick, budget):
        self.device, self.quick = device, quick
        self.cuda = device.type == "cuda"
        self.deadline = time.monotonic() + budget
        # Larger than any L2 so far (H200: 50 MB): writing it evicts the operands.
        self.flush = torch.empty(256 << 20 if self.cuda else 1 << 20, dtype=torch.int8, device=device)
        self.target = 0.02 if quick else 0.12

    def random(self, *shape, dtype=torch.bfloat16):
        return torch.randn(*shape, device=self.device, dtype=torch.bfloat16).to(dtype)

    def once(self, run):
        if not self.cuda:
            start = time.perf_counter()
            run()
            return time.perf_counter() - start
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        run()
        end.record()
        end.synchronize()
        return start.elapsed_time(end) / 1e3

    def time(self, run, warm=False):
        for _ in range(2):
            run()
        estimate = self.once(run)
        count = max(5, min(50, int(self.target / max(estimate, 1e-6))))
        if not self.cuda:
            seconds = [self.once(run) for _ in range(count)]
        else:
            # All are queued before any is waited for, so the time to launch a short kernel is not measured.
            pairs = []
            for _ in range(count):
                if not warm:
                    self.flush.zero_()
                start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
                start.record()
                run()
                end.record()
                pairs.append((start, end))
            torch.cuda.synchronize()
            seconds = [start.elapsed_time(end) / 1e3 for start, end in pairs]
        seconds.sort()
        pick = lambda share: seconds[min(count - 1, int(share * count))]
        return {"seconds": pick(0.5), "low": pick(0.1), "high": pick(0.9), "repetitions": count}

    def row(self, rows, label, make, warm=False):
        """Times make() -> (function, extra fields); appends a row, or a row with the error's text."""
        if time.monotonic() > self.deadline:
            rows.append({**label, "skipped": "out of time"})
            return
        try:
            run, extra = make()
            measured = self.time(run, warm)
            rows.append({**label, **extra, **measured})
        except Exception as error:  # noqa: BLE001 - a size or format the library refuses is a result, too
            rows.append({**label, "error": f"{type(error).__name__}: {str(error).strip()[:300]}"})
        finally:
            if self.cuda:
                torch.cuda.empty_cache()


# ---- matrix products ---------------------------------------------------------------------------------------------

def per_tensor(x):
    scale = (x.abs().max().float() / E4M3_MAX).clamp(min=1e-12)
    return (x.float() / scale).clamp(-E4M3_MAX, E4M3_MAX).to(torch.float8_e4m3fn), scale


def blocks(x, height, width):
    """[R, C] -> E4M3 values and one scale for each height x width block, [R/height, C/width]."""
    r, c = x.shape
    view = x.float().view(r // height, height, c // width, width)
    scale = view.abs().amax(dim=(1, 3), keepdim=True).clamp(min=1e-4) / E4M3_MAX
    return (view / scale).view(r, c).to(torch.float8_e4m3fn), scale.view(r // height, c // width)


def product(bench, form, m, k, n):
    """A function that computes [m, k] x [k, n] in one of the forms below, with the operands made beforehand."""
    a, b = bench.random(m, k), bench.random(n, k)
    if form == "bf16":
        return (lambda: a @ b.t()), {}
    if form == "fp8-block":
        # V3's own scaling: 1 x 128 for activations, 128 x 128 for weights, promoted to FP32 along the way.
        f = torch.nn.functional
        qa, sa = blocks(a, 1, 128)
        qb, sb = blocks(b, 128, 128)
        sa = sa.t().contiguous().t()
        run = lambda: f.scaled_mm(qa, qb.t(), sa, f.ScalingType.BlockWise1x128, sb.t(),
                                  f.ScalingType.BlockWise128x128, output_dtype=torch.bfloat16)
    else:
        (qa, sa), (qb, sb) = per_tensor(a), per_tensor(b)
        fast = form == "fp8-fast"
        run = lambda: torch._scaled_mm(qa, qb.t(), sa, sb, out_dtype=torch.bfloat16, use_fast_accum=fast)
    exact = a[:256].float() @ b.float().t()
    error = float((run()[:256].float() - exact).norm() / exact.norm())
    return run, {"relative_error": error}


FORMS = ["bf16", "fp8", "fp8-fast", "fp8-block"]


def gemm(bench):
    squares = [256, 512] if bench.quick else [512, 1024, 2048, 4096, 8192, 16384]
    shapes = [("square", s, s, s) for s in squares]
    rows_of_tokens = [16, 64] if bench.quick else [2 ** i for i in range(15)]
    few = [64] if bench.quick else [1, 16, 128, 1024, 4096, 16384]
    of_v3 = [("expert up", rows_of_tokens, HIDDEN, EXPERT), ("expert down", few, EXPERT, HIDDEN),
             ("query up", few, QUERY_LATENT, HEADS * (NOPE + ROPE)), ("attention out", few, HEADS * VALUE, HIDDEN)]
    part = 4 if bench.quick else 1
    shapes += [(name, m, k // part, n // part) for name, counts, k, n in of_v3 for m in counts]
    rows = []
    for name, m, k, n in shapes:
        for form in FORMS:
            size = 2 if form == "bf16" else 1
            label = {"name": name, "form": form, "m": m, "k": k, "n": n, "flop": 2 * m * k * n,
                     "bytes": size * (m * k + k * n) + 2 * m * n}
            bench.row(rows, label, lambda: product(bench, form, m, k, n))
    return rows


def accumulation(bench):
    """How exactly the chip adds: positive FP8 values, so that a long sum grows, against float64 of the same values."""
    rows = []
    for k in [512] if bench.quick else [512, 1024, 2048, 4096, 8192, 16384]:
        q = [torch.rand(256, k, device=bench.device).to(torch.float8_e4m3fn) for _ in range(2)]
        exact = q[0].double() @ q[1].double().t()
        one = torch.ones((), device=bench.device)
        for form in ["fp8", "fp8-fast"]:
            def make():
                run = lambda: torch._scaled_mm(q[0], q[1].t(), one, one, out_dtype=torch.float32,
                                               use_fast_accum=form == "fp8-fast")
                error = ((run().double() - exact) / exact).abs()
                return run, {"max_relative_error": float(error.max()), "mean_relative_error": float(error.mean())}
            bench.row(rows, {"form": form, "k": k}, make)
    return rows


def carveout(bench):
    """The same product while some streaming multiprocessors are kept for something else (20 in V3's training)."""
    size = 256 if bench.quick else 8192
    rows = []
    set_aside = torch._C._set_sm_carveout_experimental
    for count in [0, 20] if bench.quick else [0, 4, 8, 16, 20, 24, 32, 48, 66]:
        for form in ["bf16", "fp8-fast"]:
            set_aside(count or None)
            try:
                label = {"set_aside": count, "form": form, "m": size, "k": size, "n": size, "flop": 2 * size ** 3}
                bench.row(rows, label, lambda: product(bench, form, size, size, size))
            finally:
                set_aside(None)
    return rows


# ---- memory and overlap ------------------------------------------------------------------------------------------

def bandwidth(bench):
    top = 24 if bench.quick else 33
    rows = []
    for power in range(20, top + 1):
        size = 1 << power
        for kind in ["read", "copy"]:
            for warm in [False, True]:
                def make():
                    source = torch.ones(size // 4, dtype=torch.float32, device=bench.device)
                    if kind == "read":
                        return (lambda: source.sum()), {"bytes": size}
                    target = torch.empty_like(source)
                    return (lambda: target.copy_(source)), {"bytes": 2 * size}
                bench.row(rows, {"kind": kind, "warm": warm, "size": size}, make, warm)
    return rows


def overlap(bench):
    """Matrix products and a transfer from the host that takes about as long: one after the other, and at once.

    The transfer goes through a copy engine, which needs no multiprocessor: what overlap gives when communication
    is free of the arithmetic units, and the case that V3's network kernels do not have.
    """
    if not bench.cuda:
        raise RuntimeError("needs a GPU: a host has no copy engine")
    size, products = 8192, 16
    a, b = bench.random(size, size), bench.random(size, size)
    out = torch.empty(size, size, device=bench.device, dtype=torch.bfloat16)
    compute = lambda: [torch.mm(a, b, out=out) for _ in range(products)]
    one = bench.time(compute)["seconds"]
    probe_host = torch.empty(256 << 20, dtype=torch.int8, pin_memory=True)
    probe = torch.empty_like(probe_host, device=bench.device)
    rate = probe.numel() / bench.time(lambda: probe.copy_(probe_host, non_blocking=True))["seconds"]
    host = torch.empty(min(int(rate * one), 4 << 30), dtype=torch.int8, pin_memory=True)
    target = torch.empty_like(host, device=bench.device)
    side = torch.cuda.Stream()

    def transfer():
        target.copy_(host, non_blocking=True)

    def together():
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            transfer()
        compute()
        torch.cuda.current_stream().wait_stream(side)

    def in_turn():
        compute()
        transfer()

    rows = []
    label = {"bytes": host.numel(), "flop": 2 * size ** 3 * products}
    for kind, run in [("compute", compute), ("transfer", transfer), ("in turn", in_turn), ("together", together)]:
        bench.row(rows, {"kind": kind, **label}, lambda: (run, {}), warm=True)
    return rows


# ---- one decode step of latent attention -------------------------------------------------------------------------

class Decode:
    """One layer's attention for one new token of each of B sequences with T tokens behind them; BF16 caches.

    expanded:   keys and values of every head were kept (the "naive" of DeepSeek's own model.py).
    recomputed: only the latent was kept; every step expands it again before attention.
    absorbed:   only the latent was kept; WUK is applied to the query and WUV to the result instead.
    All three compute the same thing.
    """

    def __init__(self, bench, batch, context):
        self.scale = 1 / math.sqrt(NOPE + ROPE)
        self.batch, self.context = batch, context
        self.query = bench.random(batch, HEADS, NOPE)
        self.query_rope = bench.random(batch, HEADS, ROPE)
        self.cache = bench.random(batch, context, LATENT + ROPE)
        self.up_key = bench.random(HEADS, NOPE, LATENT) / math.sqrt(LATENT)
        self.up_value = bench.random(HEADS, LATENT, VALUE) / math.sqrt(LATENT)

    def expand(self):
        latent, rope = self.cache[..., :LATENT], self.cache[..., LATENT:]
        flat = latent.reshape(-1, LATENT)
        shape = (self.batch, self.context, HEADS)
        nope = (flat @ self.up_key.reshape(-1, LATENT).t()).view(*shape, NOPE)
        key = torch.cat([nope, rope.unsqueeze(2).expand(*shape, ROPE)], -1)
        value = (flat @ self.up_value.permute(1, 0, 2).reshape(LATENT, -1)).view(*shape, VALUE)
        return key.transpose(1, 2).contiguous(), value.transpose(1, 2).contiguous()

    def expanded_step(self, key, value):
        query = torch.cat([self.query, self.query_rope], -1).unsqueeze(2)
        score = (query @ key.transpose(-1, -2)).float() * self.scale
        return (score.softmax(-1).to(value.dtype) @ value).squeeze(2)

    def absorbed_step(self):
        absorbed = (self.query.transpose(0, 1) @ self.up_key).transpose(0, 1)
        query = torch.cat([absorbed, self.query_rope], -1)
        score = torch.bmm(query, self.cache.transpose(1, 2)).float() * self.scale
        mixed = torch.bmm(score.softmax(-1).to(query.dtype), self.cache[..., :LATENT])
        return (mixed.transpose(0, 1) @ self.up_value).transpose(0, 1)

    def form(self, name):
        """(function, FLOPs, bytes): the counts are of the products and of caches and weights read once."""
        b, t = self.batch, self.context
        up = HEADS * LATENT * (NOPE + VALUE)
        attend = 2 * b * t * HEADS * (NOPE + ROPE + VALUE)
        if name == "expanded":
            key, value = self.expand()
            return (lambda: self.expanded_step(key, value)), attend, 2 * b * t * HEADS * (NOPE + ROPE + VALUE)
        if name == "recomputed":
            run = lambda: self.expanded_step(*self.expand())
            return run, attend + 2 * b * t * up, 2 * (b * t * (LATENT + ROPE) + up)
        flop = 2 * b * up + 2 * b * t * HEADS * (2 * LATENT + ROPE)
        return self.absorbed_step, flop, 2 * (b * t * (LATENT + ROPE) + up)


def mla_decode(bench):
    batches = [1, 2] if bench.quick else [1, 8, 32, 128]
    contexts = [64] if bench.quick else [1024, 4096, 16384]
    rows = []
    for batch in batches:
        for context in contexts:
            expanded_bytes = 2 * batch * context * HEADS * (NOPE + ROPE + VALUE)
            for name in ["absorbed", "expanded", "recomputed"]:
                label = {"form": name, "batch": batch, "context": context}
                if name != "absorbed" and expanded_bytes > 12e9:
                    rows.append({**label, "skipped": f"expanded keys and values take {expanded_bytes / 1e9:.1f} GB"})
                    continue

                def make():
                    torch.manual_seed(7)
                    step = Decode(bench, batch, context)
                    run, flop, size = step.form(name)
                    reference = step.absorbed_step().float()
                    error = float((run().float() - reference).norm() / reference.norm())
                    if not error < 0.03:
                        raise RuntimeError(f"differs from the absorbed form by {error:.3f}")
                    return run, {"flop": flop, "bytes": size, "difference_from_absorbed": error}
                bench.row(rows, label, make)
    return rows


# ---- many experts ------------------------------------------------------------------------------------------------

def experts(bench):
    """One matrix of E experts (hidden 7168 to 2048), each on its own rows: a loop, one batched, one grouped product."""
    hidden, width = (256, 128) if bench.quick else (HIDDEN, EXPERT)
    rows = []
    for count in [4] if bench.quick else [64, 128, 256]:
        weight = bench.random(count, width, hidden)
        for each in [16] if bench.quick else [1, 4, 16, 64, 256, 1024]:
            x = bench.random(count, each, hidden)
            ends = torch.arange(1, count + 1, device=bench.device, dtype=torch.int32) * each
            w = weight.transpose(1, 2)
            runs = {
                "loop": lambda: [x[e] @ w[e] for e in range(count)],
                "bmm": lambda: torch.bmm(x, w),
                "grouped": lambda: torch._grouped_mm(x.view(-1, hidden), w, offs=ends),
            }
            for form, run in runs.items():
                label = {"form": form, "experts": count, "tokens_each": each, "k": hidden, "n": width,
                         "flop": 2 * count * each * hidden * width,
                         "bytes": 2 * count * (hidden * width + each * (hidden + width))}

                def make():
                    reference = torch.bmm(x, w).float()
                    got = run()
                    got = torch.stack(got) if isinstance(got, list) else got.view(count, each, width)
                    error = float((got.float() - reference).norm() / reference.norm())
                    if not error < 0.01:
                        raise RuntimeError(f"differs from bmm by {error:.3f}")
                    return run, {}
                bench.row(rows, label, make)
        del weight, w, x
    return rows


# ---- provenance --------------------------------------------------------------------------------------------------

def ask_nvidia(fields):
    command = ["nvidia-smi", "--id=0", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout
        return dict(zip(fields, [part.strip() for part in answer.splitlines()[0].split(",")]))
    except (OSError, subprocess.SubprocessError, IndexError):
        return None


class Sampler(threading.Thread):
    """Reads clocks, power and temperature a few times a second, so that each part can say what they were."""

    FIELDS = ["clocks.sm", "clocks.mem", "power.draw", "temperature.gpu"]

    def __init__(self):
        super().__init__(daemon=True)
        self.rows, self.stopped = [], threading.Event()

    def run(self):
        while not self.stopped.wait(0.4):
            answer = ask_nvidia(self.FIELDS)
            if answer is None:
                return
            self.rows.append((time.monotonic(), answer))

    def between(self, start, end):
        inside = [row for at, row in self.rows if start <= at <= end]
        summary = {"samples": len(inside)}
        for field in self.FIELDS:
            values = []
            for row in inside:
                try:
                    values.append(float(row[field]))
                except ValueError:
                    pass  # "[N/A]" on some cards
            if values:
                values.sort()
                summary[field] = {"min": values[0], "median": values[len(values) // 2], "max": values[-1]}
        return summary


def provenance(bench):
    with open(__file__, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    try:
        import triton
        triton_version = triton.__version__
    except ImportError:
        triton_version = None
    facts = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "script": "tools/measure/gpu.py",
        "script_sha256": digest,
        "quick": bench.quick,
        "device": "cpu",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "triton": triton_version,
        "driver": None,
    }
    if bench.cuda:
        card = torch.cuda.get_device_properties(0)
        asked = ask_nvidia(["driver_version", "clocks.max.sm", "clocks.max.mem", "power.limit", "clocks.sm"]) or {}
        facts.update({
            "device": torch.cuda.get_device_name(0),
            "compute_capability": list(torch.cuda.get_device_capability(0)),
            "multiprocessors": card.multi_processor_count,
            "memory_bytes": card.total_memory,
            "l2_bytes": getattr(card, "L2_cache_size", None),
            "driver": asked.pop("driver_version", None),
            "nvidia_smi": asked,
        })
        tiny = torch.zeros(1, device=bench.device)
        # An almost empty kernel timed the same way: shorter times than this cannot be told apart.
        facts["shortest_measurable"] = bench.time(lambda: tiny.add_(1))
    return facts


PARTS = [bandwidth, gemm, mla_decode, experts, accumulation, carveout, overlap]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--out", required=True, help="the JSON file to write")
    options.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    options.add_argument("--quick", action="store_true", help="small sizes, to test the script")
    options.add_argument("--budget", type=float, default=85.0, help="seconds after which rows are skipped")
    given = options.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        sys.exit("no CUDA device here; --device cpu --quick tests the script without one")
    torch.manual_seed(7)
    torch.set_grad_enabled(False)
    bench = Bench(torch.device(given.device), given.quick, given.budget)
    sampler = Sampler()
    if bench.cuda:
        sampler.start()
    report = {"format": 1, "provenance": provenance(bench), "parts": {}}
    print(f"{report['provenance']['device']}, torch {torch.__version__}", flush=True)
    for part in PARTS:
        start = time.monotonic()
        entry = {"status": "ok", "error": None, "rows": []}
        try:
            entry["rows"] = part(bench)
        except Exception as error:  # noqa: BLE001 - the other parts are still worth having
            entry.update(status="failed", error=f"{type(error).__name__}: {str(error).strip()[:500]}")
        end = time.monotonic()
        entry["wall_seconds"] = round(end - start, 2)
        entry["clocks"] = sampler.between(start, end) if bench.cuda else None
        report["parts"][part.__name__] = entry
        failed = sum("error" in row for row in entry["rows"])
        print(f"{part.__name__}: {entry['status']}, {len(entry['rows'])} rows, {failed} with an error, "
              f"{entry['wall_seconds']:.1f} s {entry['error'] or ''}", flush=True)
        with open(given.out, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1)
            file.write("\n")
    sampler.stopped.set()
    print(f"wrote {given.out}", flush=True)


if __name__ == "__main__":
    main()
