import { beforeAll, expect, it } from "vitest";
import {
  decodeTimes,
  describeTimes,
  median,
  type DecodeTimes,
} from "../../../lib/lessons/03-multi-head-latent-attention";
import { tinyConfig } from "../../../lib/model/config";
import { createModel } from "../../../lib/model/model";
import { useBackend } from "../../../lib/tensor/backend";
import { expectNoLeak } from "../../support/close";

beforeAll(async () => {
  await useBackend("wasm");
});

it("times a token in all three ways as often, and leaves nothing behind", async () => {
  const config = tinyConfig();
  const { selfAttn } = createModel(config, 1).weights.layers[0];
  await expectNoLeak(() => {
    const times = decodeTimes(selfAttn, config, { context: 20, rounds: 3 });
    expect(Object.values(times).map(({ length }) => length)).toEqual([3, 3, 3]);
    expect(Math.min(...Object.values(times).flat())).toBeGreaterThan(0);
  });
});

const measured: DecodeTimes = {
  expanded: [4.1, 4.0, 4.2, 4.05, 4.15],
  "expanded again": [20, 21, 19, 20, 22],
  absorbed: [2.1, 2.0, 2.1, 2.0, 2.2],
};

it("says which way is faster, and by how much, from the numbers alone", () => {
  expect(describeTimes(measured)).toContain(
    "The time for a token is lower with absorbing than with everything kept, by 2.02 ms",
  );
  const turned = { ...measured, expanded: measured.absorbed, absorbed: measured.expanded };
  expect(describeTimes(turned)).toContain(
    "The time for a token is higher with absorbing than with everything kept, by 2.02 ms",
  );
});

it("does not rank what does not differ", () => {
  const same = { ...measured, expanded: [2.2, 2.1, 2.0, 2.1, 2.0] };
  expect(describeTimes(same)).toMatch(/^Cannot tell whether .* with absorbing than with everything kept/);
});

it("takes the middle of an odd number of times", () => {
  expect(median([5, 1, 3])).toBe(3);
});
