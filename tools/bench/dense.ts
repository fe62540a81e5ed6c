/** The dense training step with the wasm kernels of this course beside tfjs's own, and on request beside PyTorch. */
import { execFileSync } from "node:child_process";
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { useBackend } from "../../lib/tensor/backend";
import { denseStep } from "./dense-step";
import { medianTime, milliseconds, ratio, type Row, type Section } from "./section";
import { runTorch } from "./torch";
import { ROOT } from "../setup/project.mjs";

/** tfjs as it comes lacks nothing that this step needs, so only the choice of the backend differs. */
async function timeStep(kernels: "stock" | "ours", runs: number): Promise<number> {
  if (kernels === "ours") await useBackend("wasm");
  else {
    tf.enableProdMode();
    await tf.setBackend("wasm");
  }
  const step = denseStep();
  return medianTime(() => void step(), { runs, warmUp: kernels === "ours" ? 1 : 0 });
}

/** Each in a process of its own, since registered kernels stay. */
function inProcess(kernels: "stock" | "ours", runs: number): number {
  const tsx = require.resolve("tsx/cli");
  const output = execFileSync(process.execPath, [tsx, __filename, kernels, String(runs)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    cwd: ROOT,
  });
  return Number(/TIME (\S+)/.exec(output)![1]);
}

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
      { what: "faster by", value: ratio(stock / ours) },
    ];
    if (torch) {
      say("PyTorch, eager, on this processor");
      const { milliseconds: eager } = await runTorch("dense_step.py");
      rows.push(
        { what: "PyTorch", value: milliseconds(eager) },
        {
          what: "PyTorch is faster by",
          value: ratio(ours / eager),
          goal: {
            what: "dense training step, one thread, speed",
            measured: eager / ours,
            comparedWith: "PyTorch, eager, all cores",
            least: 0.5,
          },
        },
      );
    }
    return rows;
  },
};

if (require.main === module) {
  const [kernels, runs] = process.argv.slice(2);
  timeStep(kernels as "stock" | "ours", Number(runs)).then((time) => console.log(`TIME ${time}`));
}
