/**
 * Ctrl-C, and whatever else asks a run to end: it ends after the step that is being made, saved. npm passes on the Ctrl-C
 * that a terminal has sent to both, so one press comes twice; only what comes seconds later is a second one.
 */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const SAME_PRESS_SECONDS = 2;
/** npm's may come a moment after the first; a process that is about to be gone would die of it. */
const LATE_MILLISECONDS = 500;

export const INTERRUPTED = 130; // exit code, as shells have it

export class Interrupt {
  #askedAt: number | null = null;
  #canSave = false;

  /**
   * Listens from now on.
   *
   * @param say shows a line
   */
  constructor(private say: (text: string) => void) {
    for (const signal of SIGNALS) process.on(signal, this.#take);
  }

  /** Whether the run shall end. */
  get asked(): boolean {
    return this.#askedAt !== null;
  }

  /** From now on the run looks at `asked` after each step, and saves; before, a signal ends the process. */
  begin(say: (text: string) => void): void {
    [this.say, this.#canSave] = [say, true];
  }

  /** Listens no more, or, where the run was asked to end, waits for what npm may still pass on of the same press. */
  async end(): Promise<void> {
    if (this.asked) return new Promise((resolve) => setTimeout(resolve, LATE_MILLISECONDS));
    for (const signal of SIGNALS) process.off(signal, this.#take);
  }

  #take = () => {
    if (!this.#canSave) this.#exit("stopped before a step was made: there is nothing to save");
    if (this.#askedAt === null) {
      this.#askedAt = performance.now();
      this.say("stopping: this step is finished and saved first; Ctrl-C once more stops without saving");
    } else if (performance.now() - this.#askedAt > SAME_PRESS_SECONDS * 1000) {
      this.#exit("stopped without saving: the same command goes on from the state that was saved last");
    }
  };

  #exit(text: string): never {
    this.say(text);
    process.exit(INTERRUPTED);
  }
}
