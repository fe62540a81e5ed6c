/** Exercise 1: how many FLOPs a product does for a byte. */
import { intensity, product } from "../../economics/roofline";
import { fromSeed, oneOf, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";

/** Bytes of one number. */
export interface NumberSizes {
  input: number;
  weights: number;
  output: number;
}
/** [m, k] · [k, n] → FLOPs per byte. */
export type Intensity = (m: number, k: number, n: number, bytes: NumberSizes) => number;

const intensityByLib: Intensity = (m, k, n, { input, weights, output }) =>
  intensity(product([m, k, n], [input, weights, output]));

/** The intensity with some operands left out, or another count of FLOPs. */
function wrongIntensity({ flops = 2, without = [] }: { flops?: number; without?: (keyof NumberSizes)[] }): Intensity {
  return (m, k, n, bytes) => {
    const size = (name: keyof NumberSizes, numbers: number) => (without.includes(name) ? 0 : bytes[name] * numbers);
    return (flops * m * k * n) / (size("input", m * k) + size("weights", k * n) + size("output", m * n));
  };
}

const FP8 = { input: 1, weights: 1, output: 2 };
const BF16 = { input: 2, weights: 2, output: 2 };

export const intensityExercise = defineExercise<Intensity>({
  id: "06-intensity",
  reference: intensityByLib,
  cases: [
    { name: "one row through an expert, FP8", args: [1, 7168, 2048, FP8] },
    { name: "256 rows through an expert, FP8", args: [256, 7168, 2048, FP8] },
    { name: "a square in BF16", args: [4096, 4096, 4096, BF16] },
    { name: "a tall product with a wide result", args: [512, 128, 4096, { input: 2, weights: 1, output: 4 }] },
  ],
  draw: fromSeed((random) => {
    const size = () => 2 ** wholeBetween(random, 0, 8) * wholeBetween(random, 1, 63);
    const bytes = () => oneOf(random, [1, 2, 4]);
    return [size(), size(), size(), { input: bytes(), weights: bytes(), output: bytes() }];
  }),
  misconceptions: [
    {
      name: "one FLOP for a product and a sum",
      answer: wrongIntensity({ flops: 1 }),
      message: "You count m · k · n FLOPs. Each of these is a multiplication and an addition: two.",
    },
    {
      name: "only the weights",
      answer: wrongIntensity({ without: ["input", "output"] }),
      message:
        "You count the bytes of the weights alone. For one row that is nearly all; for many rows the input and the " +
        "output weigh in.",
    },
    {
      name: "the output forgotten",
      answer: wrongIntensity({ without: ["output"] }),
      message: "The output is missing: m · n numbers are written to memory, too.",
    },
    {
      name: "the input forgotten",
      answer: wrongIntensity({ without: ["input"] }),
      message: "The input is missing: m · k numbers are read, too.",
    },
    {
      name: "every product reads memory",
      answer: (_m, _k, _n, { input, weights }) => 2 / (input + weights),
      message:
        "You let each of the m · k · n products read its two numbers from memory. A chip reads a number once and " +
        "uses it many times; that reuse is what intensity measures.",
    },
    {
      name: "bytes over FLOPs",
      answer: (...args) => 1 / intensityByLib(...args),
      message: "Upside down: intensity is FLOPs per byte, not bytes per FLOP.",
    },
  ],
});
