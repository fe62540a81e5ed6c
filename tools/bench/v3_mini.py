"""v3-mini in transformers on the processor, float32: training steps and greedy decoding, timed on request.

Reads one JSON request a line and answers each with one JSON line, so that the caller can take turns with its own
measurements. Of the ways that transformers offers to compute attention and experts, the fastest is found first.
"""
import json
import logging
import resource
import sys
import time

import torch
from transformers import DeepseekV3ForCausalLM, FineGrainedFP8Config

ATTENTION = ("eager", "sdpa")
EXPERTS = ("eager", "grouped_mm", "batched_mm")

logging.disable(logging.WARNING)


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
        """The way that makes measure() fastest, of the second of two calls each; it stays in use."""
        times = {}
        for way in [(attention, experts) for attention in ATTENTION for experts in EXPERTS]:
            try:
                self.use(way)
                measure()
                times[way] = measure()["milliseconds"]
            except (NotImplementedError, ValueError, RuntimeError):
                continue  # not on this processor
        best = min(times, key=times.get)
        self.use(best)
        return {"way": "attention {}, experts {}".format(*best)}

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
