/** What every part of the benchmark has in common: it measures in one run, and reports ratios. */

export interface Row {
  what: string;
  value: string;
  /** Puts the row into the summary. */
  goal?: Goal;
}

/** A ratio that the course wants to reach. */
export interface Goal {
  what: string;
  measured: number;
  comparedWith: string;
  /** One of the two. */
  least?: number;
  most?: number;
}

export interface Section {
  name: string;
  title: string;
  /** Measures, telling what it does as it goes. */
  run(options: { torch: boolean; before?: string; say: (text: string) => void }): Promise<Row[]>;
}

/** The median of the times that f takes, in milliseconds, after one call that is not counted. */
export async function medianTime(f: () => void | Promise<void>, { runs = 5, warmUp = 1 } = {}): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < runs + warmUp; i++) {
    const start = performance.now();
    await f();
    if (i >= warmUp) times.push(performance.now() - start);
  }
  return median(times);
}

export function median(times: number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)];
}

export function milliseconds(time: number): string {
  return time >= 1000 ? `${(time / 1000).toFixed(2)} s` : `${time.toFixed(1)} ms`;
}

export function ratio(value: number): string {
  return `${value.toFixed(2)} times`;
}

/** The goals of some rows as a table in Markdown. */
export function summary(rows: Row[]): string {
  const lines = rows.flatMap(({ goal }) => {
    if (goal === undefined) return [];
    const { what, measured, comparedWith, least, most } = goal;
    const wanted = least === undefined ? `at most ${most}` : `at least ${least}`;
    return [`| ${what} | ${measured.toFixed(2)} | ${comparedWith} | ${wanted} |`];
  });
  return ["| what | ratio | compared with | goal |", "|---|---|---|---|", ...lines].join("\n");
}
