import { expect, it } from "vitest";
import { medianTime } from "../../lib/notebook/timing";

it("calls once to warm up and then as often as it counts", () => {
  let calls = 0;
  const time = medianTime(() => calls++, 3);
  expect(calls).toBe(4);
  expect(time).toBeGreaterThanOrEqual(0);
});
