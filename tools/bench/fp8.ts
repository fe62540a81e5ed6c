/**
 * Encoding numbers as E4M3, beside ml_dtypes, and quantising in blocks of 1 × 128, beside torch on one thread; the
 * Python side on request. Both sides take the best of several rounds of the same work, since a shared machine only ever
 * adds to a time.
 */
import { toCodes } from "../../lib/numerics/codec";
import { quantise } from "../../lib/numerics/fp8-quantise";
import { BLOCKS } from "../../lib/numerics/scaling";
import { Random } from "../../lib/tensor/random";
import { milliseconds, ratio, type Row, type Section } from "./section";
import { runTorch } from "./torch";

const [ROWS, COLUMNS] = [2048, 4096];

function bestTime(f: () => void, rounds = 15): number {
  let best = Infinity;
  for (let i = 0; i < rounds; i++) {
    const begin = performance.now();
    f();
    best = Math.min(best, performance.now() - begin);
  }
  return best;
}

export const fp8: Section = {
  name: "fp8",
  title: `FP8 codecs, ${ROWS} × ${COLUMNS} numbers`,
  async run({ torch, say }) {
    say("this course's codecs");
    const random = new Random(1);
    const values = Float32Array.from({ length: ROWS * COLUMNS }, () => random.normal());
    const encoding = bestTime(() => toCodes(values, "E4M3"));
    const blocks = bestTime(() => quantise(values, [ROWS, COLUMNS], { format: "E4M3", block: BLOCKS.tile }));
    const speed = (time: number) =>
      `${milliseconds(time)}, ${(values.length / time / 1000).toFixed(0)} million a second`;
    const rows: Row[] = [
      { what: "encoding E4M3", value: speed(encoding) },
      { what: "quantising in blocks of 1 × 128", value: speed(blocks) },
    ];
    if (!torch) return rows;
    say("ml_dtypes and torch, one thread each");
    const python = await runTorch<{ encoding: number; blocks: number }>("fp8.py");
    return [
      ...rows,
      { what: "encoding by ml_dtypes", value: speed(python.encoding) },
      { what: "blocks by torch", value: speed(python.blocks) },
      { what: "encoding is faster than ml_dtypes by", value: ratio(python.encoding / encoding) },
      { what: "block quantisation has, of torch's speed", value: ratio(python.blocks / blocks) },
    ];
  },
};
