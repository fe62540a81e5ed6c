import { afterEach, describe, expect, it, vi } from "vitest";
import { duration, progress } from "../../lib/notebook/progress";
import { captured } from "./captured";

/** Passes the time without giving way to anything else, as a computation does. */
function work(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

function setInterrupt(check: (() => void) | undefined): void {
  Object.assign(globalThis, { courseInterrupt: check && { check } });
}

afterEach(() => {
  setInterrupt(undefined);
  vi.restoreAllMocks();
});

describe("progress", () => {
  it("counts from 0 to the last", async () => {
    const { result } = await captured(async () => {
      const seen: number[] = [];
      for await (const i of progress(4, "counting")) seen.push(i);
      return seen;
    });
    expect(result).toEqual([0, 1, 2, 3]);
  });

  it("updates one output, and leaves one line that is the same in every run", async () => {
    const { shown } = await captured(async () => {
      for await (const i of progress(3, "measuring", { unit: "sizes" })) work(10 + i);
    });
    expect(new Set(shown.map(({ id }) => id)).size).toBe(1);
    expect(shown.map(({ update }) => update)).toEqual([false, ...shown.slice(1).map(() => true)]);
    expect(shown.at(-1)?.bundle["text/plain"]).toBe("✔ measuring: 3 sizes");
    expect(shown.at(-1)?.bundle["text/html"]).toMatch(/in \d+\.\d s/);
  });

  it("draws at most ten times a second, with rate and time left", async () => {
    let clock = 0; // a round takes 10 ms on this clock
    vi.spyOn(performance, "now").mockImplementation(() => clock);
    const { shown } = await captured(async () => {
      for await (const i of progress(200, "working", { unit: "steps" })) clock = 10 * (i + 1);
    });
    const drawings = shown.slice(1, -1).map(({ bundle }) => bundle["text/plain"]);
    expect(drawings.length).toBeGreaterThanOrEqual(10);
    expect(drawings.length).toBeLessThanOrEqual(20);
    expect(drawings).toContain("working: 60%, 120 of 200 steps, 100 steps a second, 0.8 s left");
  });

  it("draws far less often than it counts", async () => {
    const { shown } = await captured(async () => {
      let sum = 0;
      for await (const i of progress(20_000, "quick")) sum += i;
      return sum;
    });
    expect(shown.length).toBeLessThan(200);
  });

  it("shows a note beside the bar", async () => {
    const { shown } = await captured(async () => {
      const bar = progress(3, "training");
      for await (const i of bar) bar.note(`loss ${3 - i} <nats>`);
    });
    expect(shown.at(-1)?.bundle["text/plain"]).toBe("✔ training: 3, loss 1 <nats>");
    expect(shown.at(-1)?.bundle["text/html"]).toContain("loss 1 &lt;nats&gt;");
  });

  it("lets other work in while it runs", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    await captured(async () => {
      for await (const i of progress(30, "busy")) work(i < 0 ? 0 : 10);
    });
    clearInterval(timer);
    expect(ticks).toBeGreaterThanOrEqual(2);
  });

  it("ends at Interrupt, and says where it stopped", async () => {
    let rounds = 0;
    const { shown } = await captured(async () => {
      const loop = async () => {
        for await (const i of progress(1000, "long")) {
          rounds = i + 1;
          work(20);
          if (i === 5)
            setInterrupt(() => {
              throw new Error("Interrupted");
            });
        }
      };
      await expect(loop()).rejects.toThrow("Interrupted");
    });
    expect(rounds).toBeLessThan(20);
    expect(shown.at(-1)?.bundle["text/plain"]).toBe(`✘ long: stopped at ${rounds} of 1,000`);
  });

  it("closes the bar when the loop is left early", async () => {
    const { shown } = await captured(async () => {
      for await (const i of progress(10, "search")) if (i === 2) break;
    });
    expect(shown.at(-1)?.bundle["text/plain"]).toBe("✘ search: stopped at 2 of 10");
  });

  it("draws nothing where there is neither a notebook nor a terminal", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    const write = vi.spyOn(process.stdout, "write").mockImplementation(() => true);
    const terminal = Object.getOwnPropertyDescriptor(process.stdout, "isTTY");
    Object.defineProperty(process.stdout, "isTTY", { value: false, configurable: true });
    for await (const i of progress(3, "quiet")) work(i < 0 ? 0 : 1);
    if (terminal) Object.defineProperty(process.stdout, "isTTY", terminal);
    expect([log.mock.calls, write.mock.calls]).toEqual([[], []]);
  });

  it("takes no rounds as done, and refuses a total that is no number of rounds", async () => {
    const { shown } = await captured(async () => {
      for await (const i of progress(0, "nothing")) throw new Error(`round ${i}`);
    });
    expect(shown.at(-1)?.bundle["text/plain"]).toBe("✔ nothing: 0");
    for (const total of [-1, 1.5, NaN, Infinity])
      expect(() => progress(total, "odd")).toThrow('progress "odd": the total');
  });
});

describe("duration", () => {
  it("is said as a person says it", () => {
    expect([0.04, 9.96, 59.6, 200, 3600, 7500].map(duration)).toEqual([
      "0.0 s",
      "10 s",
      "1 min 0 s",
      "3 min 20 s",
      "1 h 0 min",
      "2 h 5 min",
    ]);
  });
});
