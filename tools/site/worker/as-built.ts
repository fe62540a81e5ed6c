/**
 * Cells that are as the lessons have them. A test has found them without an error of types
 * (test/site/parts/as-built.test.ts): as long as a kernel has run nothing but a notebook's first cells, unchanged and in
 * their order, they need not be checked. It is with the first check that the compiler takes seconds.
 */
import { withCell } from "./beginnings.mjs";

export class AsBuilt {
  private readonly beginnings: ReadonlySet<string>;
  private run: string | null = "";

  /** @param beginnings of all notebooks (beginnings.mjs) */
  constructor(beginnings: readonly string[]) {
    this.beginnings = new Set(beginnings);
  }

  /** Whether a cell goes on with a notebook as it was built. Once one does not, none does. */
  goesOn(code: string): boolean {
    if (this.run === null) return false;
    const run = withCell(this.run, code);
    this.run = this.beginnings.has(run) ? run : null;
    return this.run !== null;
  }

  /** A cell has failed: those after it would find other names than in the notebook. */
  leave(): void {
    this.run = null;
  }
}
