"""Logits of a checkpoint by transformers, float32 on the processor.

Reads {"folder": …, "ids": [[…]]} as JSON from the first file; writes the logits as raw float32 to the second and prints
one line of JSON with the versions. An FP8 checkpoint is dequantised while it is loaded.
"""
import json
import logging
import sys

import torch
import transformers
from transformers import DeepseekV3ForCausalLM

logging.disable(logging.WARNING)
transformers.logging.set_verbosity_error()
request = json.load(open(sys.argv[1]))
options = {}
if "quantization_config" in json.load(open(f"{request['folder']}/config.json")):
    options["quantization_config"] = transformers.FineGrainedFP8Config(dequantize=True)
model = DeepseekV3ForCausalLM.from_pretrained(request["folder"], dtype=torch.float32, **options).float().eval()
with torch.inference_mode():
    logits = model(torch.tensor(request["ids"]), use_cache=False).logits
logits.float().contiguous().numpy().tofile(sys.argv[2])
print(json.dumps({"torch": torch.__version__, "transformers": transformers.__version__, "shape": list(logits.shape)}))
