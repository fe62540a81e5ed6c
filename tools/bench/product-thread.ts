/** A thread that multiplies matrices in a wasm memory of its own, on request, and answers with how long it took. */
import { parentPort, workerData } from "node:worker_threads";
import { compiledKernels } from "../../lib/tensor/wasm/compiled-module";

/** What a thread multiplies: [M, K]·[K, N], so many times a request. */
export interface ProductData {
  M: number;
  K: number;
  N: number;
  products: number;
}

/** The part of the global WebAssembly that is used here: the types of Node leave it out. */
interface WasmGlobal {
  Memory: new (size: { initial: number; maximum: number }) => { buffer: ArrayBuffer };
}
const { Memory } = (globalThis as unknown as { WebAssembly: WasmGlobal }).WebAssembly;
const PAGE = 65_536;

const { M, K, N, products } = workerData as ProductData;
const memory = new Memory({ initial: 1024, maximum: 1024 });
const kernels = compiledKernels(memory);
const [a, b, out, scratch] = [0, 4 * M * K, 4 * (M * K + K * N), 4 * (M * K + K * N + M * N)].map((at) => at + PAGE);
if (scratch + kernels.scratchBytes(false, false, M, K, N) > memory.buffer.byteLength)
  throw new Error(`a product of ${M} × ${K} × ${N} does not fit in the memory of a thread`);
new Float32Array(memory.buffer, a, M * K + K * N).fill(0.5);

parentPort!.on("message", () => {
  const begin = performance.now();
  for (let i = 0; i < products; i++) kernels.multiply(a, false, b, false, out, M, K, N, scratch);
  parentPort!.postMessage(performance.now() - begin);
});
parentPort!.postMessage("ready");
