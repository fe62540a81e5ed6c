import { describe, expect, it } from "vitest";
import { inLanes, type Job } from "../../tools/setup/lanes.mjs";

interface Named extends Job {
  name: string;
}

/** Does jobs whose ends the test decides on: what has begun, and a way to end one. */
function play(jobs: Named[], lanes: number) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const done = inLanes(jobs, lanes, async ({ name }) => {
    begun.push(name);
    await new Promise<void>((resolve) => ends.set(name, resolve));
    ends.delete(name);
  });
  const end = async (name: string) => {
    ends.get(name)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { begun, end, done, running: () => [...ends.keys()] };
}

const [lint, unit, site, hub]: Named[] = [
  { name: "lint", light: true },
  { name: "unit" },
  { name: "site" },
  { name: "hub", light: true },
];
const gpu: Named = { name: "gpu", alone: true };

describe("lanes", () => {
  it("of one keep the order, whatever a job is", async () => {
    const { begun, end, done, running } = play([lint, gpu, unit, site, hub], 1);
    for (const name of ["lint", "gpu", "unit", "site", "hub"]) {
      expect(running()).toEqual([name]);
      await end(name);
    }
    await done;
    expect(begun).toEqual(["lint", "gpu", "unit", "site", "hub"]);
  });

  it("of two have a light job beside a heavy one while there are both, and every job once", async () => {
    const { begun, end, done, running } = play([lint, unit, site, hub], 2);
    expect(running()).toEqual(["lint", "unit"]);
    await end("lint");
    expect(running()).toEqual(["unit", "hub"]);
    await end("unit");
    expect(running()).toEqual(["hub", "site"]);
    await end("hub");
    await end("site");
    await done;
    expect(begun).toEqual(["lint", "unit", "hub", "site"]);
  });

  it("of two go on with what there is", async () => {
    const { end, done, running } = play([unit, site], 2);
    expect(running()).toEqual(["unit", "site"]);
    await end("site");
    expect(running()).toEqual(["unit"]);
    await end("unit");
    await done;
  });

  it("leave a job alone that changes what others use", async () => {
    const { end, done, running } = play([gpu, lint, unit], 2);
    expect(running()).toEqual(["lint", "unit"]);
    await end("unit");
    expect(running()).toEqual(["lint"]);
    await end("lint");
    expect(running()).toEqual(["gpu"]);
    await end("gpu");
    await done;
  });

  it("end with the error of a job", async () => {
    await expect(inLanes([lint, unit], 2, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  });
});
