/** The dense training step with the wasm kernels of this course beside tfjs's own, and on request beside PyTorch. */
import { execFileSync } from "node:child_process";
import os from "node:os";
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { useBackend } from "../../lib/tensor/backend";
import { denseStep } from "./dense-step";
import { medianTime, milliseconds, ratio, type Row, type Section } from "./section";
import { runTorch } from "./torch";
import { ROOT } from "../setup/project.mjs";

/** tfjs as it comes lacks nothing that this step needs, so only the choice of the backend differs. */
async function timeStep(kernels: "stock" | "ours", runs: number, threads: number): Promise<number> {
  if (kernels === "ours") await useBackend("wasm");
  else {
    tf.enableProdMode();
    await tf.setBackend("wasm");
  }
  const step = await denseStep(threads);
  const time = await medianTime(async () => void (await step.make()), { runs, warmUp: kernels === "ours" ? 1 : 0 });
  await step.stop();
  return time;
}

/** Each in a process of its own, since registered kernels stay. */
function inProcess(kernels: "stock" | "ours", runs: number, threads = 1): number {
  const tsx = require.resolve("tsx/cli");
  const output = execFileSync(process.execPath, [tsx, __filename, kernels, String(runs), String(threads)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    cwd: ROOT,
  });
  return Number(/TIME (\S+)/.exec(output)![1]);
}

/** The most threads of this machine that divide the batch. */
const threads = Math.max(...[1, 2, 4, 8, 16].filter((count) => count <= os.availableParallelism()));

export const dense: Section = {
  name: "dense",
  title: "One training step of a dense transformer, 4.5 million parameters, 16 × 128 tokens",
  async run({ torch, say }) {
    say("tfjs's own wasm kernels, one step (about 40 s)");
    const stock = inProcess("stock", 1);
    say("this course's kernels, five steps");
    const ours = inProcess("ours", 5);
    const rows: Row[] = [
      { what: "tfjs's own wasm kernels", value: milliseconds(stock) },
      { what: "this course's wasm kernels", value: milliseconds(ours) },
      { what: "  faster by", value: ratio(stock / ours) },
    ];
    const shared = threads === 1 ? null : inProcess("ours", 5, threads);
    if (shared !== null) rows.push({ what: `  ${threads} threads`, value: milliseconds(shared) });
    if (torch) {
      say("PyTorch, eager, on this processor");
      const { milliseconds: eager, threads: cores } = await runTorch<{ milliseconds: number; threads: number }>(
        "dense_step.py",
      );
      rows.push({ what: `PyTorch, ${cores} threads`, value: milliseconds(eager) });
      const ofPyTorch = (what: string, time: number): Row => ({
        what: `  this course with ${what}, of PyTorch`,
        value: ratio(eager / time),
        goal: {
          what: `dense training step, ${what}, speed`,
          measured: eager / time,
          comparedWith: `PyTorch, eager, ${cores} threads`,
          least: 0.5,
        },
      });
      if (shared !== null) rows.push(ofPyTorch(`${threads} threads`, shared));
      rows.push(ofPyTorch("one thread", ours));
    }
    return rows;
  },
};

if (require.main === module) {
  const [kernels, runs, count] = process.argv.slice(2);
  timeStep(kernels as "stock" | "ours", Number(runs), Number(count)).then((time) => console.log(`TIME ${time}`));
}
