/**
 * What a check may ask of the kernel (lib/notebook/exercise/standing.ts): whether a name means what stands in its cell.
 */
class Standing {
  /** By name, the run of a cell that declared what the name means now. @type {Map<string, { source: string, at: number }>} */
  #declared = new Map();
  /** By name, the run after that which failed to declare it anew. @type {Map<string, { cell: number, message: string }>} */
  #failed = new Map();

  /**
   * A cell has run.
   *
   * @param {string[]} names what it declares
   * @param {{ cell: number, source: string, at: number, failure: string | null }} run at: when it began, in milliseconds
   *   since 1970; failure: what it failed with
   */
  ran(names, { cell, source, at, failure }) {
    for (const name of names) {
      if (failure !== null) {
        this.#failed.set(name, { cell, message: failure });
      } else {
        this.#declared.set(name, { source, at });
        this.#failed.delete(name);
      }
    }
  }

  get answers() {
    return {
      /** @param {string[]} names */
      lastFailure: (names) => names.map((name) => this.#failed.get(name)).find((failure) => failure) ?? null,
      /** @param {string} name */
      sourceOf: (name) => this.#declared.get(name)?.source ?? null,
      /** @param {string} name */
      ranAt: (name) => this.#declared.get(name)?.at ?? null,
    };
  }
}

module.exports = { Standing };
