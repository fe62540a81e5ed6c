/** A process that answers JSON lines with JSON lines, so that two of them can take turns on one machine. */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createInterface, type Interface } from "node:readline";

export class LineProcess {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterableIterator<string>;
  private readonly reader: Interface;
  private errors = "";

  /** @param say gets the lines on stderr that begin with an ellipsis: what the process tells of its progress */
  constructor(command: string, args: string[], cwd: string, say: (text: string) => void = () => {}) {
    this.child = spawn(command, args, { cwd });
    createInterface(this.child.stderr).on("line", (line) => {
      if (line.startsWith("… ")) say(line.slice(2));
      else this.errors = `${this.errors}\n${line}`.slice(-2000);
    });
    this.reader = createInterface(this.child.stdout);
    this.lines = this.reader[Symbol.asyncIterator]() as AsyncIterableIterator<string>;
  }

  /** @throws if the process has ended, with what it said last */
  async ask<T>(request: object): Promise<T> {
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
    for (;;) {
      const { done, value } = await this.lines.next();
      if (done) throw new Error(`a measuring process has ended: ${this.errors.trim().split("\n").pop()}`);
      if (value.startsWith("{")) return JSON.parse(value) as T; // libraries may print lines of their own
    }
  }

  close(): void {
    this.child.stdin.end();
    this.reader.close();
  }
}
