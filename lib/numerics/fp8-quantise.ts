/**
 * Quantising a matrix to codes and scales, and back (the report, section 3.3.2).
 *
 * A number is divided by its block's scale in float32 and then encoded, as in DeepSeek's released kernel. The loops
 * multiply by 1/s in double precision instead, which is faster and gives the same float32: a quotient of two float32
 * numbers is at least 2^-49 of its size away from the middle between two float32, and the product is off by less than
 * 2^-51.
 */
import { fromCodes, lookUpBytes, roomForCodes, roundingTable, toCodes, type Codes } from "./codec";
import type { FormatName } from "./formats";
import { gridOf, scaleBand, scaleRule, type Grid, type Scaling } from "./scaling";

/** A quantised matrix. */
export interface Quantised {
  format: FormatName;
  rows: number;
  columns: number;
  /** [rows, columns], row-major */
  codes: Codes;
  /** [⌈rows / height⌉, ⌈columns / width⌉], one for each block; a code stands for its value times its block's scale. */
  scales: Float32Array;
  grid: Grid;
}

/**
 * Quantises a matrix.
 *
 * @param values [rows, columns], row-major
 * @param shape rows and columns
 * @throws if there are not rows · columns values, or the scaling is not possible
 * @example
 * quantise(activations, [tokens, channels], { format: "E4M3", block: BLOCKS.tile });
 */
export function quantise(values: Float32Array, [rows, columns]: [number, number], scaling: Scaling): Quantised {
  if (values.length !== rows * columns) {
    throw new Error(`quantise: [${rows}, ${columns}] needs ${rows * columns} values; got ${values.length}`);
  }
  const { format } = scaling;
  const grid = gridOf(rows, columns, scaling.block);
  const scaleOf = scaleRule(scaling);
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  const scales = new Float32Array(grid.down * grid.across);
  const codes = roomForCodes(format, values.length);
  const scaled = new Float32Array(columns); // a row's quotients, to be encoded
  const write = writerOf(scaled, codes, format);
  for (let band = 0; band < grid.down; band++) {
    const firstRow = band * grid.height;
    const height = Math.min(grid.height, rows - firstRow);
    const ofBand = scales.subarray(band * grid.across, (band + 1) * grid.across);
    scaleBand(bits, firstRow * columns, height, grid, scaleOf, ofBand);
    for (let row = firstRow; row < firstRow + height; row++) {
      divideRow(values, row * columns, grid, ofBand, scaled);
      write(row * columns);
    }
  }
  return { format, rows, columns, codes, scales, grid };
}

/** A function that encodes the row in `scaled` into codes, starting at a given place. */
function writerOf(scaled: Float32Array, codes: Codes, format: FormatName): (at: number) => void {
  if (!(codes instanceof Uint8Array)) return (at) => codes.set(toCodes(scaled, format), at);
  const table = roundingTable(format, "saturate");
  const bits = new Int32Array(scaled.buffer);
  return (at) => lookUpBytes(bits, table, codes, at, bits.length);
}

/** scaled[i] = values[first + i] / its block's scale, for one row. */
export function divideRow(
  values: Float32Array,
  first: number,
  grid: Grid,
  scales: Float32Array,
  scaled: Float32Array,
): void {
  const { columns, width, across } = grid;
  if (width === 1) {
    for (let i = 0; i < columns; i++) scaled[i] = values[first + i] / scales[i];
    return;
  }
  for (let block = 0; block < across; block++) {
    const inverse = 1 / scales[block];
    const end = Math.min(columns, (block + 1) * width);
    let i = block * width;
    for (; i + 3 < end; i += 4) {
      scaled[i] = values[first + i] * inverse;
      scaled[i + 1] = values[first + i + 1] * inverse;
      scaled[i + 2] = values[first + i + 2] * inverse;
      scaled[i + 3] = values[first + i + 3] * inverse;
    }
    for (; i < end; i++) scaled[i] = values[first + i] * inverse;
  }
}

/** value · scale of every code, rounded to float32: [rows, columns]. */
export function dequantise({ format, rows, columns, codes, scales, grid }: Quantised): Float32Array {
  const values = fromCodes(codes, format);
  const { height, width, across } = grid;
  for (let row = 0; row < rows; row++) {
    const at = Math.floor(row / height) * across;
    for (let block = 0; block < across; block++) {
      const scale = scales[at + block];
      const end = row * columns + Math.min(columns, (block + 1) * width);
      for (let i = row * columns + block * width; i < end; i++) values[i] *= scale;
    }
  }
  return values;
}

/** Some rows of a quantised matrix whose blocks have one row, or all of them. */
export function runOfRows(q: Quantised, begin: number, count: number): Quantised {
  const { columns, codes, scales, grid } = q;
  const { height, down, across } = grid;
  if (height > 1 && down > 1) throw new Error(`runOfRows: blocks of ${height} rows can't be taken apart`);
  const ofRows = (each: number) => [begin * each, (begin + count) * each] as const;
  return {
    ...q,
    rows: count,
    codes: codes.subarray(...ofRows(columns)),
    scales: height > 1 ? scales : scales.subarray(...ofRows(across)),
    grid: { ...grid, rows: count, down: height > 1 ? 1 : count },
  };
}

/** The transposed matrix; its blocks are turned with it. */
export function turned(q: Quantised): Quantised {
  const { rows, columns, codes, scales, grid } = q;
  const { height, width, down, across } = grid;
  return {
    ...q,
    rows: columns,
    columns: rows,
    codes: turn(codes, codes.slice(), [rows, columns]),
    scales: turn(scales, scales.slice(), [down, across]),
    grid: { rows: columns, columns: rows, height: width, width: height, down: across, across: down },
  };
}

/** [rows, columns] → [columns, rows] */
function turn<T extends Codes | Float32Array>(from: T, to: T, [rows, columns]: [number, number]): T {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) to[column * rows + row] = from[row * columns + column];
  }
  return to;
}
