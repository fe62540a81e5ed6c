import { beforeAll, expect, it } from "vitest";
import { useBackend } from "../../../lib/tensor/backend";
import { weightsFingerprint } from "../../../lib/lessons/08-data-and-openness/fingerprint";
import { Training } from "../../../lib/training/run";
import { expectNoLeak } from "../../support/close";
import { batchOf, CONFIG, makeSteps, OPTIONS } from "../../training/support";

beforeAll(async () => {
  await useBackend("wasm");
});

it("is the same for two runs of one recipe, and another after a single other batch", async () => {
  await expectNoLeak(async () => {
    const [one, again, other] = [1, 2, 3].map(() => new Training(CONFIG, OPTIONS));
    const before = await weightsFingerprint(one.model);
    for (const run of [one, again, other]) await makeSteps(run, 2);
    expect(await weightsFingerprint(one.model)).toMatch(/^[0-9a-f]{64}$/);
    expect(await weightsFingerprint(one.model)).not.toBe(before);
    expect(await weightsFingerprint(again.model)).toBe(await weightsFingerprint(one.model));
    one.makeStep(batchOf(2));
    other.makeStep(batchOf(3));
    expect(await weightsFingerprint(other.model)).not.toBe(await weightsFingerprint(one.model));
    [one, again, other].forEach((run) => run.dispose());
  });
});
