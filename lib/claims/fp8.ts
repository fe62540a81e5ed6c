/** Claims about 8-bit training: decided by counting bits, by phase, and by the report's experiments (lessons 04 and 06). */
import { value } from "../economics/facts";
import { decodeOperations, machine, phaseTime, prefillOperations } from "../economics/roofline";
import { DEEPSEEK_V3 } from "../model/config";
import { fixed, percent, times, whole } from "../notebook/format";
import { claimed, claimFact } from "./claims";
import { about, ruleSet, weigh } from "./rule";

/** What the claims on FP8 are judged by; each of these numbers can be changed to see a verdict turn. */
function fp8Facts() {
  return {
    /** Bits of a number in training, before FP8. */
    usualBits: 16,
    /** Activations that share one FP32 scale. */
    scaledTogether: 128,
    /** Sequences decoded together on each GPU, the tokens of each, and the GPUs that share the experts. */
    decodeBatch: 32,
    decodeContext: value("serving", "day-6", "meanContext"),
    decodeGpus: value("serving", "day-6", "decodeGpus"),
    /** Tokens that a GPU reads at once, the length of their sequences, and the GPUs that share the experts. */
    readTokens: 8192,
    readContext: value("training-runs", "deepseek-v3", "sequence"),
    readGpus: value("serving", "report-deployment", "prefillGpus"),
    divergedAt: claimFact("fp8-unstable-grads", "divergedAt"),
    relativeLoss: claimFact("fp8-native", "relativeLoss"),
  };
}
type Fp8Facts = ReturnType<typeof fp8Facts>;

/** The share of a layer's time on an H800 that memory decides: in decoding, and in reading (or training on) a text. */
function memoryShares(f: Fp8Facts): { decoding: number; reading: number } {
  const h800 = machine("h800");
  const decode = { batch: f.decodeBatch, context: f.decodeContext, gpus: f.decodeGpus };
  const read = { tokens: f.readTokens, context: f.readContext, gpus: f.readGpus };
  return {
    decoding: phaseTime(decodeOperations(DEEPSEEK_V3, decode), h800).memoryShare,
    reading: phaseTime(prefillOperations(DEEPSEEK_V3, read), h800).memoryShare,
  };
}

export const fp8Rules = ruleSet(fp8Facts, [
  {
    id: "fp8-4x",
    judge: (f) => {
      const bits = 8 + 32 / f.scaledTogether;
      const [against32, usual] = [32 / bits, f.usualBits / bits];
      const right = about(against32, claimed("fp8-4x", "ratio"));
      return {
        verdict: weigh([!right ? "wrong" : about(usual, claimed("fp8-4x", "ratio")) ? "right" : "right if"]),
        evidence:
          `${fixed(bits, 2)} bits with its scale: ${times(against32)} less than FP32, but ${times(usual)} less than the ` +
          `${fixed(f.usualBits, 0)} bits that were usual.`,
      };
    },
    turns: { key: "usualBits", name: "bits that were usual", unit: "bits", low: 8, high: 32, whole: true },
  },
  {
    id: "fp8-standard-32",
    judge: (f) => ({
      verdict: weigh(["right", f.usualBits < 32 ? "wrong" : "right"]),
      evidence:
        `The master copy of the weights, the optimiser and the sums: yes. The products, which are nearly all of the work, have been ` +
        `in ${fixed(f.usualBits, 0)} bits since mixed precision (2017), as the article's own next sentence says; the report ` +
        "compares its FP8 with BF16, not with FP32.",
    }),
    turns: { key: "usualBits", name: "bits that were usual", unit: "bits", low: 8, high: 32, whole: true },
  },
  {
    id: "fp8-fp16-standard",
    judge: (f) => ({
      verdict: weigh([f.usualBits === 16 ? "right if" : "wrong"]),
      evidence:
        `In the products, for years: yes. But beside an FP32 master copy (hence *mixed* precision), and in large trainings lately in ` +
        "BF16 rather than FP16: the report's own baseline is BF16, and so was Apertus 70B trained.",
    }),
    turns: { key: "usualBits", name: "bits that were usual", unit: "bits", low: 8, high: 32, whole: true },
  },
  {
    id: "fp8-bound",
    judge: (f) => {
      const { decoding, reading } = memoryShares(f);
      return {
        verdict: weigh([decoding < 0.5 ? "wrong" : reading < 0.5 ? "right if" : "right"]),
        evidence:
          `By phase. When an H800 decodes ${fixed(f.decodeBatch, 0)} sequences (on each of ${fixed(f.decodeGpus, 0)}), memory decides ` +
          `${percent(decoding)} of a layer's time; when it reads a prompt, or trains, ${percent(reading)}. In training the network is ` +
          "the second limit.",
      };
    },
    turns: { key: "readTokens", name: "tokens that a GPU reads at once", unit: "tokens", low: 16, high: 131072 },
  },
  {
    id: "fp8-selective",
    judge: () => ({
      verdict: weigh(["right", "wrong"]),
      evidence:
        "Right: the products of the linear maps are in FP8, and sums and optimiser are kept higher. Wrong: gradients in general. Both " +
        "backward products are in FP8, so gradients of activations are; only those of weights stay higher. Attention itself, embedding, head, router and norms are not in FP8, " +
        "and the optimiser's moments are in BF16 (the report, section 3.3).",
    }),
    turns: "A report in which gradients of activations stay out of FP8.",
  },
  {
    id: "fp8-unstable-grads",
    judge: (f) => ({
      verdict: weigh([f.divergedAt > 0 ? "right" : "open"]),
      evidence:
        `A 16B model whose gradients of activations were quantised by blocks of 128 × 128 diverged after ` +
        `${whole(f.divergedAt / 1e9)} billion tokens; by rows of 128 it did not (the report, appendix B.2).`,
    }),
    turns: { key: "divergedAt", name: "tokens until it diverged", unit: "tokens", low: 0, high: 1.33e12 },
  },
  {
    id: "fp8-native",
    judge: (f) => ({
      verdict: weigh(["right", f.relativeLoss < 0.01 ? "right if" : "wrong"]),
      evidence:
        `Trained in FP8 it was; and two smaller models came within ${percent(f.relativeLoss)} of the loss of their twins in BF16. But its master weights ` +
        "are FP32, and that it is robust was not tested against a model trained in BF16 and quantised afterwards.",
    }),
    turns: { key: "relativeLoss", name: "distance of the loss from BF16", unit: "share", low: 1e-4, high: 0.1 },
  },
  {
    id: "fp8-quality",
    judge: (f) => ({
      verdict: weigh([f.relativeLoss < 0.01 ? "right if" : "wrong"]),
      evidence:
        `Measured on two smaller models, of about 16B and 230B: their loss stays within ${percent(f.relativeLoss)} of BF16 (the ` +
        "report, section 3.3 and appendix B.1). V3 itself has no twin in BF16, and no scores of the two pairs were published.",
    }),
    turns: { key: "relativeLoss", name: "distance of the loss from BF16", unit: "share", low: 1e-4, high: 0.1 },
  },
]);
