/**
 * Which machinery computes: a GPU through WebGPU where there is one, else WebAssembly, else plain JavaScript. All three
 * give the same results within rounding; they differ in speed by three orders of magnitude.
 */
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { host } from "../host";
import { registerBatchMatMul } from "./wasm/batch-matmul";
import { registerCast } from "./wasm/cast";
import { registerCompiled } from "./wasm/run-compiled";
import { registerEinsum } from "./wasm/einsum";
import { registerGroupedMatMul } from "./wasm/grouped-matmul";
import { registerIdentity } from "./wasm/identity";
import type { WasmBackend } from "./wasm/kernels";
import { matMulOf } from "./wasm/matmul";
import { guardMemory } from "./wasm/memory";
import { registerOptimiserStep } from "./wasm/optimiser-step";
import { registerSlice } from "./wasm/slice";
import { registerSplitAndConcat } from "./wasm/split-concat";
import { registerUnsortedSegmentSum } from "./wasm/segment-sum";
import { printTensors } from "./print";
import { registerSumGradient } from "./sum-gradient";
import { registerWebgpuPrograms } from "./webgpu/program";
import { startWebgpu } from "./webgpu/start";

export type BackendName = "webgpu" | "wasm" | "cpu";

export interface BackendReport {
  name: BackendName;
  /** Why this one, in one sentence. */
  reason: string;
  toString(): string;
}

/**
 * Chooses the backend on which everything after this call computes, and lets console.log show tensors' values.
 *
 * @param choice "auto" takes the fastest that works here; a name takes that one and no other
 * @param options readsLater: every tensor is read with `await t.data()`, none with dataSync or arraySync. In Node only such
 *   a program can use a GPU, so "auto" passes it by for all others
 * @throws if the named backend cannot be had here
 */
export async function useBackend(
  choice: BackendName | "auto" = "auto",
  { readsLater = false }: { readsLater?: boolean } = {},
): Promise<BackendReport> {
  tf.enableProdMode(); // no banner, and no checks of every result
  registerBatchMatMul();
  registerIdentity();
  registerSlice();
  registerUnsortedSegmentSum();
  registerEinsum();
  registerGroupedMatMul();
  registerOptimiserStep();
  registerCast();
  registerSplitAndConcat();
  registerCompiled();
  registerWebgpuPrograms();
  registerSumGradient();
  printTensors();

  if (choice !== "auto") {
    const problem = await start(choice);
    if (problem !== null) throw new Error(`useBackend: ${choice} cannot be used here: ${problem}`);
    return report(choice, "as asked");
  }
  const problems: string[] = [];
  for (const name of ["webgpu", "wasm"] as const) {
    const unread = name === "webgpu" && !readsLater && !host.readsGpuNow;
    const problem = unread ? "Node reads a GPU's results with await only" : await start(name);
    if (problem === null) return report(name, [...problems, MERITS[name]].join("; "));
    problems.push(`no ${name}: ${problem}`);
  }
  await start("cpu");
  return report("cpu", [...problems, MERITS.cpu].join("; "));
}

/** The backend on which everything computes now. */
export function backendInUse(): BackendName {
  return tf.getBackend() as BackendName;
}

const MERITS: Record<BackendName, string> = {
  webgpu: "this computer's GPU",
  wasm: "compiled code on one core of the processor",
  cpu: "plain JavaScript, slow but always there",
};

/** @returns null if the backend now is in use, else what is in the way */
async function start(name: BackendName): Promise<string | null> {
  try {
    const problem = name === "webgpu" ? await host.prepareWebgpu() : null;
    if (problem !== null) return problem;
    if (name === "wasm") tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false); // memory of threads is of another kind
    if (!(await tf.setBackend(name))) return "it did not start";
    if (name === "wasm") {
      guardMemory();
      matMulOf(tf.backend() as WasmBackend); // throws where our kernels can't run
    }
    if (name === "webgpu") startWebgpu();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function report(name: BackendName, reason: string): BackendReport {
  return { name, reason, toString: () => `${name} (${reason})` };
}
