/** Products of matrices: the course's own beside tfjs's, in turns in one process, each way of storing the two sides. */
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { useBackend } from "../../lib/tensor/backend";
import { offsetOf, type WasmBackend } from "../../lib/tensor/wasm/kernels";
import { matMulOf } from "../../lib/tensor/wasm/matmul";
import { median, ratio, type Row, type Section } from "./section";
import { twoThreads } from "./two-threads";

const [M, K, N] = [1024, 256, 768];
const ROUNDS = 41;

/** Matrices that a token meets one after the other: more than a processor core's own caches hold. */
const MATRICES = 40;

const stock = tf.getKernel("BatchMatMul", "wasm"); // tfjs's own, before ours takes its place

/** The median time of each in milliseconds, measured in turns; the first round is not counted. */
function inTurns<Name extends string>(work: Record<Name, () => void>, rounds = ROUNDS): Record<Name, number> {
  const names = Object.keys(work) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const begin = performance.now();
      work[name]();
      if (round > 0) times[name].push(performance.now() - begin);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times[name])])) as Record<Name, number>;
}

function large(): Row[] {
  const [a, b] = [tf.randomNormal<tf.Rank.R2>([M, K]), tf.randomNormal<tf.Rank.R2>([K, N])];
  const [aT, bT] = [a.transpose<tf.Tensor2D>(), b.transpose<tf.Tensor2D>()];
  const tfjs = () => {
    const attrs = { transposeA: false, transposeB: false };
    const out = stock.kernelFunc({ inputs: { a, b }, backend: tf.backend(), attrs }) as tf.TensorInfo;
    tf.backend().disposeData(out.dataId);
  };
  const ours = (left: tf.Tensor2D, right: tf.Tensor2D) => () =>
    tf.matMul(left, right, left === aT, right === bT).dispose();
  const times = inTurns({ tfjs, plain: ours(a, b), left: ours(aT, b), right: ours(a, bT), both: ours(aT, bT) });
  tf.dispose([a, b, aT, bT]);
  const [faster, slowest] = [times.tfjs / times.plain, Math.max(times.left, times.right, times.both) / times.plain];
  const what = `product ${M} × ${K} × ${N}`;
  return [
    {
      what: `${M} × ${K} × ${N}, faster than tfjs's wasm by`,
      value: ratio(faster),
      goal: { what: `${what}, speed`, measured: faster, comparedWith: "tfjs's wasm kernel", least: 1.25 },
    },
    {
      what: "  left side stored transposed: time, of the plain product's",
      value: ratio(times.left / times.plain),
      goal: { what: `${what}, slowest transposition`, measured: slowest, comparedWith: "the plain product", most: 1.1 },
    },
    { what: "  right side stored transposed", value: ratio(times.right / times.plain) },
    { what: "  both", value: ratio(times.both / times.plain) },
  ];
}

function fewRows(): Row[] {
  const backend = tf.backend() as unknown as WasmBackend;
  const matrices = Array.from({ length: MATRICES }, () => tf.randomNormal([K, N]));
  const [x, out] = [tf.randomNormal([4, K]), tf.zeros([4, N])];
  for (const tensor of [x, out, ...matrices]) tensor.dataSync();
  const times = (rows: number) => () => {
    for (const matrix of matrices) {
      matMulOf(backend).multiply(
        { offset: offsetOf(backend, x), rows, columns: K, transposed: false },
        { offset: offsetOf(backend, matrix), rows: K, columns: N, transposed: false },
        { offset: offsetOf(backend, out), rows, columns: N },
      );
    }
  };
  const measured = inTurns({ one: times(1), two: times(2), four: times(4) });
  tf.dispose([x, out, matrices]);
  return [
    {
      what: `two rows times ${MATRICES} matrices of ${K} × ${N}: time, of one row's`,
      value: ratio(measured.two / measured.one),
    },
    { what: "  four rows", value: ratio(measured.four / measured.one) },
  ];
}

/** The bound of all that a second thread can gain here. */
async function inThreads(): Promise<Row[]> {
  const { one, two } = await twoThreads({ M, K, N, products: 1 });
  return [
    { what: `${M} × ${K} × ${N}, one thread at best`, value: `${one.toFixed(0)} GFLOP/s` },
    { what: "  two threads of products at once, of one", value: ratio(two / one) },
  ];
}

export const products: Section = {
  name: "products",
  title: "Products of matrices on wasm",
  async run({ say }) {
    await useBackend("wasm");
    stock.setupFunc!(tf.backend());
    say("large products");
    const rows = large();
    say("few rows");
    rows.push(...fewRows());
    say("two threads");
    return [...rows, ...(await inThreads())];
  },
};
