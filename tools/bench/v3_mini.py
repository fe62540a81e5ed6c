"""v3-mini in transformers on the processor, float32: training steps and greedy decoding, timed on request.

Reads one JSON request a line and answers each with one JSON line, so that the caller can take turns with its own
measurements. Of the ways that transformers offers to compute attention and experts, the fastest is found first; what is
tried is told on stderr, in lines that begin with an ellipsis.
"""
import json
import logging
import resource
import signal
import sys
import time
from contextlib import contextmanager

import torch
from transformers import DeepseekV3ForCausalLM, FineGrainedFP8Config

ATTENTION = ("sdpa", "eager")
EXPERTS = ("grouped_mm", "eager", "batched_mm")  # the likely fastest first
HOPELESS = 4  # a way is given up when its first call takes so many times the best

logging.disable(logging.WARNING)


def described(way):
    return "attention {}, experts {}".format(*way)


@contextmanager
def time_limit(seconds):
    """Raises TimeoutError in the block after so many seconds, as soon as an operation of torch has ended (not on Windows)."""

    def end(*_):
        raise TimeoutError

    if seconds is None or not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def tell(text):
    print(f"… {text}", file=sys.stderr, flush=True)


def megabytes():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def load(folder):
    """The model in float32; FP8 weights are dequantised while they are loaded."""
    options = {}
    if "quantization_config" in json.load(open(f"{folder}/config.json")):
        options["quantization_config"] = FineGrainedFP8Config(dequantize=True)
    return DeepseekV3ForCausalLM.from_pretrained(folder, dtype=torch.float32, **options).float()


class Model:
    def __init__(self, folder, threads):
        torch.set_num_threads(threads)
        self.model = load(folder)
        self.decoder = load(folder)  # steps change the other one
        self.optimiser = None

    def use(self, way):
        attention, experts = way
        for model in (self.model, self.decoder):
            model.set_attn_implementation(attention)
            model.set_experts_implementation(experts)

    def fastest(self, measure):
        """The way that makes measure() fastest; it stays in use.

        The experts' ways are compared with one way of attention, then the ways of attention with the fastest of those:
        the two don't depend on each other. A way has two calls, of which the second counts, or is given up in the first.
        """
        times = {}

        def try_out(way):
            if way in times:
                return
            try:
                self.use(way)
                with time_limit(max(10, HOPELESS * min(times.values()) / 1000) if times else None):
                    measure()
                times[way] = measure()["milliseconds"]
                tell("{}: {:.0f} ms".format(described(way), times[way]))
            except TimeoutError:
                tell("{}: given up, it takes far longer".format(described(way)))
            except (NotImplementedError, ValueError, RuntimeError):
                tell("{}: not on this processor".format(described(way)))

        for experts in EXPERTS:
            try_out((ATTENTION[0], experts))
        for attention in ATTENTION:
            try_out((attention, min(times, key=times.get)[1]))
        best = min(times, key=times.get)
        self.use(best)
        return {"way": described(best)}

    def step(self, tokens):
        """Forward, backward, clipping, AdamW; tokens [B][T + 1]."""
        if self.optimiser is None:
            self.model.train()
            self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=1e-4, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
        ids = torch.tensor(tokens)
        start = time.perf_counter()
        self.optimiser.zero_grad()
        logits = self.model(ids[:, :-1], use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        return {"loss": loss.item(), "milliseconds": 1000 * (time.perf_counter() - start)}

    def generate(self, ids, tokens):
        """Greedy, with transformers' cache."""
        self.decoder.eval()
        prompt = torch.tensor([ids])
        start = time.perf_counter()
        with torch.inference_mode():
            out = self.decoder.generate(
                prompt,
                attention_mask=torch.ones_like(prompt),
                max_new_tokens=tokens,
                min_new_tokens=tokens,
                do_sample=False,
                use_cache=True,
                pad_token_id=0,
            )
        took = 1000 * (time.perf_counter() - start)
        return {"ids": out[0, len(ids):].tolist(), "milliseconds": took}


def main():
    model = Model(sys.argv[1], int(sys.argv[2]))
    for line in sys.stdin:
        request = json.loads(line)
        find_fastest = request.pop("fastest", False)
        task = request.pop("task")
        if task == "peak":
            answer = {"megabytes": megabytes()}
        else:
            measure = lambda: getattr(model, task)(**request)
            answer = model.fastest(measure) if find_fastest else measure()
        print(json.dumps(answer), flush=True)


main()
