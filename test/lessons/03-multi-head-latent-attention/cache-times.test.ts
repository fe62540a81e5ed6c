import { beforeAll, expect, it } from "vitest";
import { decodeTime } from "../../../lib/lessons/03-multi-head-latent-attention/cache-times";
import { tinyConfig } from "../../../lib/model/config";
import { createModel } from "../../../lib/model/model";
import { useBackend } from "../../../lib/tensor/backend";
import { expectNoLeak } from "../../support/close";

beforeAll(async () => {
  await useBackend("wasm");
});

it.each(["expanded", "expanded again", "absorbed"] as const)(
  "times a token whose past is %s, and leaves nothing behind",
  async (mode) => {
    const config = tinyConfig();
    const { selfAttn } = createModel(config, 1).weights.layers[0];
    await expectNoLeak(() => {
      const time = decodeTime(selfAttn, config, { context: 20, mode, repeats: 3 });
      expect(time).toBeGreaterThan(0);
    });
  },
);
