import { beforeAll, expect, it } from "vitest";
import { rotaryErrors } from "../../../lib/lessons/03-multi-head-latent-attention";
import { useBackend } from "../../../lib/tensor/backend";
import { expectNoLeak } from "../../support/close";

beforeAll(() => useBackend("wasm"));

it("has no error at distance 0 where both rotations are left out, and errors as large as scores far away", async () => {
  await expectNoLeak(() => {
    const { distances, ignored, queryOnly } = rotaryErrors(16, 64, 200, 1);
    expect(distances).toHaveLength(65);
    expect(ignored[0]).toBeLessThan(1e-5);
    expect(ignored[1]).toBeGreaterThan(0.1);
    expect(Math.min(...ignored.slice(16))).toBeGreaterThan(0.5);
    expect(queryOnly[64]).toBeLessThan(1e-5); // there the key stands at position 0
    expect(Math.min(...queryOnly.slice(0, 48))).toBeGreaterThan(0.5);
  });
});
