/**
 * The inside of every product on the GPU: a workgroup computes a tile of the result, each thread up to 8 × 8 numbers of
 * it, in registers. Strips of both factors are brought to workgroup memory, 16 of the depth at a time, and shared. Memory is
 * read and written four numbers at once.
 *
 *     tile [rows, columns] = Σ over strips of left [rows, 16] · right [16, columns]
 *
 * The code that uses it says where the factors come from, in functions of two places that give four neighbouring
 * numbers, 0 where outside. A factor's neighbours lie along the depth, or across it.
 */

/** Of the depth, brought to workgroup memory at a time. */
export const STRIP = 16;

export interface Tile {
  rows: 32 | 64 | 128;
  columns: 32 | 64;
  /** Rows of a thread. */
  tall: 4 | 8;
  /** Columns of a thread. */
  wide: 4 | 8;
  /**
   * Whether leftAt(row, k) gives four numbers along the depth; else leftAt(k, row) gives those of four rows.
   */
  leftAlongDepth: boolean;
  /** Whether rightAt(column, k) gives four numbers along the depth; else rightAt(k, column) those of four columns. */
  rightAlongDepth: boolean;
}

/** Threads of a tile's workgroup. */
export function tileThreads({ rows, columns, tall, wide }: Tile): number {
  return (rows * columns) / (tall * wide);
}

const count = (n: number) => Array.from({ length: n }, (_, i) => i);
const XYZW = ["x", "y", "z", "w"];

/** WGSL: the workgroup memory of a tile. */
export function tileMemory({ rows, columns }: Tile): string {
  return `
    var<workgroup> left : array<vec4<f32>, ${(STRIP * rows) / 4}>;   // [${STRIP}, ${rows}]
    var<workgroup> right : array<vec4<f32>, ${(STRIP * columns) / 4}>;  // [${STRIP}, ${columns}]`;
}

/** WGSL: the sums of a thread, rows of one or two times 4 columns; needs `lane`. */
export function tileSums({ columns, tall, wide }: Tile): string {
  const sums = count(tall).flatMap((i) => count(wide / 4).map((h) => `var s${i}${h} = vec4<f32>();`));
  return `
      let y = lane / ${columns / wide};
      let x = lane % ${columns / wide};
      ${sums.join(" ")}`;
}

/** WGSL: adds the product of the strips from depth `strip` on; needs firstRow, firstColumn. All threads must come here. */
export function tileStep(tile: Tile): string {
  const { rows, columns, tall, wide } = tile;
  const threads = tileThreads(tile);
  // A thread's rows and columns are in groups of four, spread over the tile, so that neighbours read neighbouring memory.
  const as = count(tall / 4).map((g) => `let a${g} = left[k * ${rows / 4} + ${(g * rows) / tall} + y];`);
  const bs = count(wide / 4).map((h) => `let b${h} = right[k * ${columns / 4} + ${(h * columns) / wide} + x];`);
  const sums = count(tall).flatMap((i) =>
    count(wide / 4).map((h) => `s${i}${h} = fma(vec4<f32>(a${Math.floor(i / 4)}.${XYZW[i % 4]}), b${h}, s${i}${h});`),
  );
  return `
        ${bring("left", "firstRow", rows, threads, tile.leftAlongDepth)}
        ${bring("right", "firstColumn", columns, threads, tile.rightAlongDepth)}
        workgroupBarrier();
        for (var k = 0; k < ${STRIP}; k++) {
          ${[...as, ...bs, ...sums].join("\n          ")}
        }
        workgroupBarrier();`;
}

/** WGSL: brings a strip of a factor to workgroup memory, as [STRIP, width]. */
function bring(name: string, first: string, width: number, threads: number, alongDepth: boolean): string {
  const quads = width / 4;
  if (!alongDepth) {
    return `for (var i = lane; i < ${STRIP * quads}; i += ${threads}) {
          ${name}[i] = ${name}At(strip + i / ${quads}, ${first} + (i % ${quads}) * 4);
        }`;
  }
  // Four rows of four along the depth, turned; there are as many of these as the strip is wide.
  const turned = XYZW.map(
    (c, i) => `${name}[(k + ${i}) * ${quads} + at] = vec4<f32>(r0.${c}, r1.${c}, r2.${c}, r3.${c});`,
  );
  return `for (var i = lane; i < ${width}; i += ${threads}) {
          let at = i / 4;
          let k = (i % 4) * 4;
          ${count(4)
            .map((i) => `let r${i} = ${name}At(${first} + at * 4 + ${i}, strip + k);`)
            .join("\n          ")}
          ${turned.join("\n          ")}
        }`;
}

/** WGSL: runs the statement for each four neighbouring results: row, column and sum are at hand there. */
export function tileResults({ rows, columns, tall, wide }: Tile, statement: string): string {
  const each = count(tall).flatMap((i) =>
    count(wide / 4).map((h) => {
      const row = `firstRow + ${(Math.floor(i / 4) * 4 * rows) / tall + (i % 4)} + y * 4`;
      const column = `firstColumn + ${(h * 4 * columns) / wide} + x * 4`;
      return `{ let row = ${row}; let column = ${column}; let sum = s${i}${h}; ${statement} }`;
    }),
  );
  return each.join("\n      ");
}

/**
 * WGSL: four neighbouring numbers of an array, from index `at` on; only the first `left` of them belong to the row.
 *
 * @param vectors whether the array is one of vec4, since all its rows hold a multiple of four numbers
 */
export function four(array: string, at: string, left: string, vectors: boolean): string {
  if (vectors) return `${array}[(${at}) / 4]`;
  const others = [1, 2, 3].map((i) => `select(0.0, ${array}[${at} + ${i}], ${left} > ${i})`);
  return `vec4<f32>(${array}[${at}], ${others.join(", ")})`;
}

/** WGSL: the statement that writes four neighbouring numbers, likewise. */
export function writeFour(array: string, at: string, left: string, vectors: boolean, value = "sum"): string {
  if (vectors) return `${array}[(${at}) / 4] = ${value};`;
  return `{ let all = ${value}; for (var j = 0; j < min(4, ${left}); j++) { ${array}[${at} + j] = all[j]; } }`;
}
