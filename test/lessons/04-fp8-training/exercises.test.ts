import { describe, expect, it } from "vitest";
import {
  decodeExercise,
  intervalExercise,
  quantiseExercise,
  tableExercise,
  throughOneScale,
  victimExercise,
  type ChooseInterval,
  type ChooseModules,
  type Decode,
  type FindVictim,
  type QuantiseBlock,
} from "../../../lib/lessons/04-fp8-training";
import { holdsTo, silently } from "../support";

describe("04-decode", () => {
  const byText: Decode = (byte) => {
    const bits = byte.toString(2).padStart(8, "0");
    if (bits.endsWith("1111111")) return NaN;
    const exponent = parseInt(bits.slice(1, 5), 2);
    const fraction = parseInt(bits.slice(5), 2);
    const size = exponent === 0 ? fraction * 2 ** -9 : (8 + fraction) * 2 ** (exponent - 10);
    return bits[0] === "1" ? -size : size;
  };
  holdsTo(decodeExercise, byText);
});

const rounding = (x: number): number => {
  const size = Math.min(448, Math.abs(x));
  const step = 2 ** (Math.max(-6, Math.floor(Math.log2(size))) - 3);
  const steps = size / step;
  const whole = Math.floor(steps);
  const up = steps - whole > 0.5 || (steps - whole === 0.5 && whole % 2 === 1);
  return Math.sign(x) * (whole + (up ? 1 : 0)) * step;
};

describe("04-quantise", () => {
  const inOnePass: QuantiseBlock = (block) => {
    const amax = block.reduce((most, x) => Math.max(most, x, -x), 1e-4);
    return { scale: amax / 448, values: block.map((x) => rounding((x * 448) / amax)) };
  };
  holdsTo(quantiseExercise, inOnePass);
});

describe("04-victim", () => {
  const bySquares: FindVictim = (activations) => {
    const back = throughOneScale(activations);
    const damage = activations.map((row, t) => {
      const lost = row.reduce((sum, x, c) => sum + (x - back[t][c]) ** 2, 0);
      return lost / row.reduce((sum, x) => sum + x * x, 0);
    });
    return damage.reduce((worst, value, t) => (value > damage[worst] ? t : worst), 0);
  };
  holdsTo(victimExercise, bySquares);
});

describe("04-interval", () => {
  const fromAbove: ChooseInterval = (errorOf, K, tolerance) => {
    let interval = K;
    while (interval > 32 && errorOf(interval) > tolerance) interval /= 2;
    return interval;
  };
  holdsTo(intervalExercise, fromAbove);
});

describe("04-table", () => {
  const recursive: ChooseModules = (costs, budget) => {
    if (costs.length === 0) return [];
    const [first, ...rest] = costs;
    const without = recursive(rest, budget);
    if (first.loss > budget + 1e-12) return without;
    const withFirst = [first.module, ...recursive(rest, budget - first.loss)];
    const work = (names: string[]) =>
      names.reduce((sum, name) => sum + costs.find(({ module }) => module === name)!.work, 0);
    return work(withFirst) >= work(without) ? withFirst : without;
  };
  holdsTo(tableExercise, recursive);

  it.each([
    [["heads"], 'there is no module "heads"'],
    [["routedExperts", "attentionOperator"], "the loss would grow by 2.35 thousandths; the budget is 1.2"],
    [["sharedExperts"], "with 6.5% of the work in FP8"],
  ])("says what is not good about %s", async (chosen, message) => {
    expect((await silently(tableExercise, () => chosen)).message).toContain(message);
  });
});
