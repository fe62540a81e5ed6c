/**
 * accumulator.ts for four sums at a time, fast enough to train with: a loop in WebAssembly's vector instructions, which
 * JavaScript itself has not. It is the same register to the last bit: a product of two eight-bit codes, and a sum of 33
 * whole numbers of up to 18 bits, are exact in float32.
 *
 * The loop is small, so it is written here, instruction by instruction, and translated when it is first used. It reads
 * one row of a and, for four rows of b at a time, [k][4], and leaves the sums.
 */
import { INSTRUCTION } from "./accumulator";

/** Bits up to which 33 addends fit into a float32. */
export const MOST_SIMD_BITS = 18;

type AddUp = (a: number, b: number, out: number, steps: number, blocks: number, bits: number) => void;

const LANES = 4;
const PAGE = 1 << 16;

/** The part of the global WebAssembly that is used here: the types of Node leave it out. */
interface WasmGlobal {
  Memory: new (size: { initial: number }) => { buffer: ArrayBuffer; grow(pages: number): number };
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: Record<string, unknown> };
}
const { Memory, Module, Instance } = (globalThis as unknown as { WebAssembly: WasmGlobal }).WebAssembly;

/** Sums of rows of a with all rows of b over a range of k, in a register of few bits that starts at 0 and ends there. */
export class SimdSums {
  private readonly memory = new Memory({ initial: 1 });
  private readonly addUp: AddUp;

  constructor() {
    const { exports } = new Instance(new Module(loopModule()), { of: { memory: this.memory } });
    this.addUp = exports.addUp as AddUp;
  }

  /**
   * @param a [M, K], values of codes
   * @param b [N, K]
   * @param range first k, and how many
   * @returns for a row m of a, its sums with the rows of b; to be read before the next call
   */
  over(
    a: Float32Array,
    b: Float32Array,
    K: number,
    [first, length]: [number, number],
    bits: number,
  ): (m: number) => Float32Array {
    const [M, N] = [a.length / K, b.length / K];
    const steps = Math.ceil(length / INSTRUCTION);
    const blocks = Math.ceil(N / LANES);
    const width = steps * INSTRUCTION; // padded with zeros, which add nothing
    const sizes = [M * width, blocks * width * LANES, blocks * LANES];
    const bytes = 4 * sizes.reduce((sum, size) => sum + size, 0);
    const missing = Math.ceil((bytes - this.memory.buffer.byteLength) / PAGE);
    if (missing > 0) this.memory.grow(missing);
    const rows = new Float32Array(this.memory.buffer, 0, sizes[0]);
    const columns = new Float32Array(this.memory.buffer, 4 * sizes[0], sizes[1]);
    const sums = new Float32Array(this.memory.buffer, 4 * (sizes[0] + sizes[1]), sizes[2]);
    rows.fill(0);
    for (let m = 0; m < M; m++) rows.set(a.subarray(m * K + first, m * K + first + length), m * width);
    columns.fill(0);
    for (let n = 0; n < N; n++) {
      const at = (n - (n % LANES)) * width + (n % LANES);
      for (let k = 0; k < length; k++) columns[at + LANES * k] = b[n * K + first + k];
    }
    return (m) => {
      this.addUp(4 * m * width, columns.byteOffset, sums.byteOffset, steps, blocks, bits);
      return sums;
    };
  }
}

// ---- the loop -----------------------------------------------------------------------------------------------------

const [A, B, OUT, STEPS, BLOCKS, BITS, AT, LEFT, SUM, EXPONENT, PER_UNIT, PRODUCT] = Array.from(
  { length: 12 },
  (_, i) => i,
);
const [I32, V128, NOTHING] = [0x7f, 0x7b, 0x40];

/** An unsigned number as LEB128. */
const count = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...count(value >>> 7)]);
const signed = (value: number): number[] =>
  value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)];
const get = (local: number) => [0x20, ...count(local)];
const set = (local: number, value: number[]) => [...value, 0x21, ...count(local)];
const whole = (value: number) => [0x41, ...signed(value)];
const vector = (code: number) => [0xfd, ...count(code)];
const op = (code: number[], ...operands: number[][]) => [...operands.flat(), ...code];

const plus = [0x6a]; // i32.add
const splat = vector(0x11); // i32x4.splat
const [abs, add, times, trunc] = [0xe0, 0xe4, 0xe6, 0x69].map(vector); // f32x4
const [shiftLeft, shiftRight, minus, larger] = [0xab, 0xad, 0xb1, 0xb8].map(vector); // i32x4: shl, shr_u, sub, max_s

/** The operation over all values, as a tree: shorter chains of instructions that wait for each other. */
function over(code: number[], values: number[][]): number[] {
  if (values.length === 1) return values[0];
  const middle = values.length >> 1;
  return op(code, over(code, values.slice(0, middle)), over(code, values.slice(middle)));
}

/** A loop that goes on while the local, counted down after each turn, is not 0. */
const repeat = (local: number, body: number[]) => [
  ...[0x03, NOTHING, ...body],
  ...set(local, op(plus, get(local), whole(-1))),
  ...[...get(local), 0x0d, 0x00, 0x0b],
];
const advance = (local: number, bytes: number) => set(local, op(plus, get(local), whole(bytes)));

function loopModule(): Uint8Array {
  const products = Array.from({ length: INSTRUCTION }, (_, i) => PRODUCT + i);
  const multiply = products.flatMap((product, i) => {
    const ofA = [...get(AT), ...vector(0x09), 2, ...count(4 * i)]; // v128.load32_splat
    const ofB = [...get(B), ...vector(0x00), 2, ...count(16 * i)]; // v128.load
    return set(product, op(times, ofA, ofB));
  });
  // Magnitudes compare like their bits. 2^-100, far below any product, stands for an exponent where all are 0.
  const least = op(splat, whole(27 << 23));
  const most = over(larger, [least, ...[SUM, ...products].map((local) => op(abs, get(local)))]);
  const power = (field: number[]) => op(shiftLeft, field, whole(23)); // an exponent field as a float32
  const perUnit = power(op(minus, op(splat, op(plus, get(BITS), whole(253))), get(EXPONENT)));
  const unit = power(op(minus, get(EXPONENT), op(splat, op(plus, get(BITS), whole(-1)))));
  const units = [SUM, ...products].map((local) => op(trunc, op(times, get(local), get(PER_UNIT))));
  const instruction = [
    ...multiply,
    ...set(EXPONENT, op(shiftRight, most, whole(23))),
    ...set(PER_UNIT, perUnit),
    ...set(SUM, op(times, over(add, units), unit)),
    ...advance(AT, 4 * INSTRUCTION),
    ...advance(B, 4 * LANES * INSTRUCTION),
  ];
  const fourSums = [
    ...set(SUM, op(splat, whole(0))),
    ...set(AT, get(A)),
    ...set(LEFT, get(STEPS)),
    ...repeat(LEFT, instruction),
    ...[...get(OUT), ...get(SUM), ...vector(0x0b), 2, 0], // v128.store
    ...advance(OUT, 4 * LANES),
  ];
  const locals = [2, 2, I32, ...count(PRODUCT - SUM + INSTRUCTION), V128];
  const body = [...locals, ...repeat(BLOCKS, fourSums), 0x0b];
  const text = (value: string) => [value.length, ...new TextEncoder().encode(value)];
  const section = (id: number, content: number[]) => [id, ...count(content.length), ...content];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 6, I32, I32, I32, I32, I32, I32, 0]), // the type of addUp
    ...section(2, [1, ...text("of"), ...text("memory"), 0x02, 0x00, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...text("addUp"), 0x00, 0]),
    ...section(10, [1, ...count(body.length), ...body]),
  ]);
}
