/** Reads the lines of a source map, no more than is needed to say in which line of a cell an error arose. */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** For each generated line (from 0) the source lines (from 0) of its pieces, by the column where they begin. */
export type LineMap = [column: number, sourceLine: number][][];

/** Takes the inline map out of what the compiler printed. */
export function takeLines(code: string): { code: string; lines: LineMap } {
  const [comment, data] = /^\/\/# sourceMappingURL=data:application\/json;base64,(\S+)$/m.exec(code) ?? [];
  if (comment === undefined || data === undefined) return { code, lines: [] };
  const { mappings } = JSON.parse(atob(data)) as { mappings: string };
  return { code: code.replace(comment, ""), lines: decode(mappings) };
}

function decode(mappings: string): LineMap {
  let sourceLine = 0;
  return mappings.split(";").map((line) => {
    let column = 0;
    return line.split(",").flatMap((segment): LineMap[number] => {
      const [step = 0, , lines] = numbersIn(segment);
      column += step;
      if (lines === undefined) return [];
      sourceLine += lines;
      return [[column, sourceLine]];
    });
  });
}

function numbersIn(segment: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const digit of segment) {
    const bits = DIGITS.indexOf(digit);
    value += (bits & 31) << shift;
    shift += 5;
    if (bits & 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    value = shift = 0;
  }
  return numbers;
}

/** The source line (from 1) of a place in the generated code (both from 1); null where it has none. */
export function sourceLine(lines: LineMap, line: number, column: number): number | null {
  const pieces = lines[line - 1] ?? [];
  const piece = pieces.filter(([begin]) => begin <= column - 1).at(-1) ?? pieces[0];
  return piece === undefined ? null : piece[1] + 1;
}
