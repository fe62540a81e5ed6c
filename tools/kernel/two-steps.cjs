/**
 * Lets an Interrupt be heard between compiling a cell and running it.
 *
 * tslab does both in one call. A signal that arrived meanwhile was lost: Node's vm takes its listeners away for the run
 * before the event loop has delivered it. Here the call is made twice: the first ends as soon as the cell is compiled,
 * the event loop turns, and the second runs what was compiled.
 */

/** Ends the first call. */
const COMPILED = new Error("compiled, not yet run");

class TwoSteps {
  #compileOnly = false;
  /** @type {ReturnType<import("tslab/dist/converter").Converter["convert"]> | null} */
  #compiled = null;

  /**
   * @param {import("tslab/dist/converter").Converter} converter
   * @returns {import("tslab/dist/converter").Converter}
   */
  converter(converter) {
    return {
      ...converter,
      convert: (previous, source) => {
        const result = this.#compiled ?? converter.convert(previous, source);
        this.#compiled = null;
        if (!this.#compileOnly || !result.output || result.diagnostics.length > 0) return result;
        this.#compiled = result;
        throw COMPILED;
      },
    };
  }

  /**
   * @param {import("tslab/dist/executor").Executor} executor made with the converter above
   * @param {() => import("./interrupt.cjs").Interrupts} interrupts
   * @returns {import("tslab/dist/executor").Executor}
   */
  executor(executor, interrupts) {
    return {
      ...executor,
      execute: async (source) => {
        this.#compileOnly = true;
        try {
          // It comes to an end where there is nothing to run: a message of the compiler, a cell of types, a module.
          return await executor.execute(source);
        } catch (error) {
          if (error !== COMPILED) throw error;
        } finally {
          this.#compileOnly = false;
        }
        try {
          await interrupts().turn();
        } catch (error) {
          this.#compiled = null;
          throw error;
        }
        return interrupts().listenAfter(() => executor.execute(source));
      },
    };
  }
}

module.exports = { TwoSteps };
