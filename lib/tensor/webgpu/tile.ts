/**
 * The inside of every product on the GPU: a workgroup computes a tile of the result, each thread 8 × 8 numbers of it, in
 * registers. Strips of both factors are brought to workgroup memory, 16 of the depth at a time, and shared. Memory is
 * read and written four numbers at once.
 *
 *     tile [rows, 64] = Σ over strips of left [rows, 16] · right [16, 64]      rows is 64 or 128, and so many threads
 *
 * The code that uses it says where the factors come from, in functions of two places that give four neighbouring
 * numbers, 0 where outside. A factor's neighbours lie along the depth, or across it.
 */

/** Of the depth, brought to workgroup memory at a time. */
export const STRIP = 16;
/** Columns of a tile. */
export const TILE_COLUMNS = 64;

export interface Tile {
  /** Rows of a tile, and threads of its workgroup. */
  rows: 64 | 128;
  /**
   * Whether leftAt(row, k) gives four numbers along the depth; else leftAt(k, row) gives those of four rows.
   */
  leftAlongDepth: boolean;
  /** Whether rightAt(column, k) gives four numbers along the depth; else rightAt(k, column) those of four columns. */
  rightAlongDepth: boolean;
}

const EIGHT = [0, 1, 2, 3, 4, 5, 6, 7];
const XYZW = ["x", "y", "z", "w"];

/** WGSL: the workgroup memory of a tile. */
export function tileMemory({ rows }: Tile): string {
  return `
    var<workgroup> left : array<vec4<f32>, ${(STRIP * rows) / 4}>;   // [${STRIP}, ${rows}]
    var<workgroup> right : array<vec4<f32>, ${(STRIP * TILE_COLUMNS) / 4}>;  // [${STRIP}, ${TILE_COLUMNS}]`;
}

/** WGSL: the sums of a thread, 8 rows of 2 × 4 columns; needs `lane`. */
export const TILE_SUMS = `
      let y = lane / 8;
      let x = lane % 8;
      ${EIGHT.map((i) => `var s${i}a = vec4<f32>(); var s${i}b = vec4<f32>();`).join("\n      ")}`;

/** WGSL: adds the product of the strips from depth `strip` on; needs firstRow, firstColumn. All threads must come here. */
export function tileStep(tile: Tile): string {
  const { rows } = tile;
  const quads = rows / 4;
  const half = rows / 8;
  const sums = EIGHT.map((i) => {
    const factor = `vec4<f32>(a${i < 4 ? 0 : 1}.${XYZW[i % 4]})`;
    return `s${i}a = fma(${factor}, b0, s${i}a); s${i}b = fma(${factor}, b1, s${i}b);`;
  });
  return `
        ${bring("left", "firstRow", rows, rows, tile.leftAlongDepth)}
        ${bring("right", "firstColumn", TILE_COLUMNS, rows, tile.rightAlongDepth)}
        workgroupBarrier();
        for (var k = 0; k < ${STRIP}; k++) {
          let a0 = left[k * ${quads} + y];
          let a1 = left[k * ${quads} + ${half} + y];
          let b0 = right[k * 16 + x];
          let b1 = right[k * 16 + 8 + x];
          ${sums.join("\n          ")}
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
  const turned = XYZW.map((c, i) => `${name}[(k + ${i}) * ${quads} + at] = vec4<f32>(r0.${c}, r1.${c}, r2.${c}, r3.${c});`);
  return `if (lane < ${width}) {
          let at = lane / 4;
          let k = (lane % 4) * 4;
          ${[0, 1, 2, 3].map((i) => `let r${i} = ${name}At(${first} + at * 4 + ${i}, strip + k);`).join("\n          ")}
          ${turned.join("\n          ")}
        }`;
}

/** WGSL: runs the statement for each four neighbouring results: row, column and sum are at hand there. */
export function tileResults({ rows }: Tile, statement: string): string {
  const each = EIGHT.flatMap((i) =>
    ["a", "b"].map((side, h) => {
      const row = `firstRow + ${i < 4 ? `y * 4 + ${i}` : `${rows / 2} + y * 4 + ${i - 4}`}`;
      const column = `firstColumn + ${h * 32} + x * 4`;
      return `{ let row = ${row}; let column = ${column}; let sum = s${i}${side}; ${statement} }`;
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
