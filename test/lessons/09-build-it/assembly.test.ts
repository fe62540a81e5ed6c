/** The learner's parts in lib's place: logits, texts, what is said of them, and the module that they are saved as. */
import fs from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModel } from "../../../lib/checkpoint/checkpoint";
import { BEGIN_OF_DOCUMENT, bytesOf } from "../../../lib/corpus/bytes";
import { LIB_DECODING_PARTS, type DecodingParts } from "../../../lib/inference/decode";
import {
  bitsOfWindows,
  compareParts,
  LESSON_HELPERS,
  logitDifferences,
  moduleText,
  objection,
  ownParts,
  PART_EXERCISES,
  PART_NAMES,
  saveParts,
  write,
  writeWithoutCache,
  wrongParts,
  type PartName,
} from "../../../lib/lessons/09-build-it";
import type { DeepSeekV3 } from "../../../lib/model/model";
import type { RoutingDecision } from "../../../lib/model/router";
import type { AnyFunction } from "../../../lib/notebook/exercise/check";
import { useBackend } from "../../../lib/tensor/backend";
import { expectNoLeak } from "../../support/close";
import { temporaryFolder } from "../../support/folder";
import { openGolden } from "../../support/golden";
import { DIFFERENTLY } from "./differently";
import { solutionOf } from "./solutions";

const temporary = temporaryFolder();
const file = path.resolve(".cache", `assembly-${process.pid}.ts`); // one folder below the project's, as work/ is
let solutions: DecodingParts;
let mini: DeepSeekV3;
let written: number[]; // 100 tokens by lib's own parts, with the cache
beforeAll(async () => {
  await useBackend("wasm");
  mini = loadModel("data/checkpoints/v3-mini");
  written = (await write(mini, prompt, GREEDY)).ids;
  saveParts(PART_NAMES, { file, sourceOf: solutionOf });
  ({ parts: solutions } = (await import(file)) as { parts: DecodingParts });
});
afterAll(() => {
  fs.rmSync(file, { force: true });
  mini.dispose();
});

const prompt = [BEGIN_OF_DOCUMENT, ...bytesOf("The whale ")];
const GREEDY = { tokens: 100, temperature: 0 };
const text = [bytesOf("It was the whale that we had seen before.")];
const stub = () => {
  throw new Error("Not implemented");
};
const stubs: { [Part in PartName]?: AnyFunction } = Object.fromEntries(PART_NAMES.map((name) => [name, stub]));

describe.each(["the solutions", "parts written differently"])("%s", (which) => {
  const parts = () => (which === "the solutions" ? solutions : DIFFERENTLY);

  it("are all taken for the learner's own", async () => {
    expect((await ownParts(parts())).own).toEqual(PART_NAMES);
  });

  it.each(["golden-a-group", "golden-d-mtp"])("give lib's logits of %s within 1e-5, on every way", async (name) => {
    const { model, ids } = openGolden(name);
    await expectNoLeak(() => {
      const found = logitDifferences(model, ids, parts());
      expect(found).toHaveLength(name === "golden-d-mtp" ? 3 : 2);
      for (const { pass, largest } of found) expect(largest, pass).toBeLessThan(1e-5);
    });
    model.dispose();
  });

  it("give v3-mini's logits within 1e-5", async () => {
    await expectNoLeak(() => {
      for (const { pass, largest } of logitDifferences(mini, text, parts())) {
        expect(largest, pass).toBeGreaterThan(0); // the parts that are compared are not lib's own
        expect(largest, pass).toBeLessThan(1e-5);
      }
    });
  });

  it("write lib's 100 tokens from the cache, and with drafts", { timeout: 600_000 }, async () => {
    await expectNoLeak(async () => {
      expect((await write(mini, prompt, { ...GREEDY, parts: parts() })).ids).toEqual(written);
      const drafted = await write(mini, prompt, { ...GREEDY, parts: parts(), drafts: true });
      expect(drafted.ids).toEqual(written);
      expect(drafted.stats.accepted).toBeGreaterThan(10);
    });
  });
});

it("the solutions write the same 100 tokens without a cache", { timeout: 600_000 }, () => {
  // A pass for each of the first 24, and for the last; one pass over the whole text asks for all of them at once.
  expect(writeWithoutCache(mini, prompt, { tokens: 24, parts: solutions })).toEqual(written.slice(0, 24));
  const allButLast = [...prompt, ...written.slice(0, -1)];
  expect(writeWithoutCache(mini, allButLast, { tokens: 1, parts: solutions })).toEqual(written.slice(-1));
  const likeliest = tf.tidy(() => [...mini.forward([allButLast], { parts: solutions }).argMax(2).dataSync()]);
  expect(likeliest.slice(prompt.length - 1)).toEqual(written);
});

describe.each(PART_NAMES)("%s by itself", (name) => {
  it("is the learner's own while all others are unsolved, and lib stands in for these", async () => {
    const { parts, own, missing } = await ownParts({ ...stubs, [name]: solutions[name] });
    expect(own).toEqual([name]);
    expect(missing).toEqual(PART_NAMES.filter((other) => other !== name));
    const { model, ids } = openGolden("golden-d-mtp");
    for (const { largest } of logitDifferences(model, ids, parts)) expect(largest).toBeLessThan(1e-5);
    model.dispose();
  });
});

it("without any answer every part is lib's", async () => {
  expect(await ownParts(stubs)).toEqual({ answers: stubs, parts: {}, own: [], missing: PART_NAMES });
  expect(await compareParts(stubs)).toEqual([]);
});

it("an answer that others would have to wait for is not taken", async () => {
  const waiting = async (...args: Parameters<DecodingParts["block"]>) => LIB_DECODING_PARTS.block(...args);
  expect((await ownParts({ block: waiting })).own).toEqual([]);
});

describe("what stands against a part is said", () => {
  const block: DecodingParts["block"] = (...args) => LIB_DECODING_PARTS.block(...args);
  const said = async (part: DecodingParts["block"], slow?: number) => {
    const [report] = await compareParts({ block: part }, { repeats: 3 });
    return objection(report, slow);
  };

  it("nothing against lib's own", async () => {
    const reports = await compareParts(LIB_DECODING_PARTS, { repeats: 1 });
    expect(reports.map(({ part }) => part)).toEqual(PART_NAMES);
    expect(reports.map((report) => objection(report, Infinity))).toEqual(PART_NAMES.map(() => null));
  });

  it("nothing against fields that nobody asked for, but something against a missing one", async () => {
    const told = async (fields: string[]) => {
      const route: DecodingParts["route"] = (...args) => {
        const all = Object.entries(LIB_DECODING_PARTS.route(...args)) as [string, tf.Tensor][];
        const [kept, others] = [true, false].map((wanted) => all.filter(([name]) => fields.includes(name) === wanted));
        tf.dispose(others.map(([, tensor]) => tensor));
        return Object.fromEntries(kept) as unknown as RoutingDecision;
      };
      const [report] = await compareParts({ route }, { repeats: 1 });
      return objection(report, Infinity);
    };
    expect(await told(["affinity", "mask", "gates", "biased", "expertIndices"])).toBeNull();
    expect(await told(["affinity", "gates"])).toMatch(
      /^it gives { affinity: .*, gates: .* } where .* mask: .* is expected$/,
    );
  });

  it("another shape", async () => {
    expect(await said((...args) => tf.tidy(() => block(...args).transpose([1, 0, 2])))).toBe(
      "it gives a tensor [10, 1, 64] where a tensor [1, 10, 64] is expected",
    );
  });

  it("other numbers", async () => {
    expect(await said((...args) => tf.tidy(() => block(...args).mul(1.001)), Infinity)).toBe(
      "its numbers are others than lib's",
    );
  });

  it("NaN", async () => {
    expect(await said((...args) => tf.tidy(() => block(...args).mul(NaN)), Infinity)).toContain(
      "its numbers are others",
    );
  });

  it("tensors left behind", async () => {
    expect(await said((...args) => (tf.scalar(1), block(...args)), Infinity)).toBe(
      "each call leaves one tensor behind: use tf.tidy",
    );
  });

  it("slowness", async () => {
    const slowly: DecodingParts["block"] = (...args) => {
      for (let i = 0; i < 40; i++) block(...args).dispose();
      return block(...args);
    };
    expect(await said(slowly)).toMatch(/^it takes \d+ times lib's time$/);
  });

  it("an error", async () => {
    const lost = () => {
      throw new Error("lost");
    };
    expect(await said(lost)).toBe("it threw an error");
  });
});

describe("the mistakes that the lesson measures", () => {
  it("are known to the exercises, and each changes the bits of a text", () => {
    const windows = [text[0].slice(0, 33)];
    const [right] = bitsOfWindows(mini, windows);
    for (const { mistake, parts } of wrongParts()) {
      expect(bitsOfWindows(mini, windows, parts)[0], mistake).not.toBeCloseTo(right, 4);
    }
  });
});

describe("the saved module", () => {
  it("holds the cells as they are, without the marks of solutions, and imports what they use", () => {
    const text = moduleText(["rmsNorm", "absorbed"], solutionOf);
    expect(text).toContain("function rmsNorm<T extends tf.Tensor>");
    expect(text).not.toContain("SOLUTION");
    expect(text).toContain('import { softmaxScale } from "../lib/model/rotary";');
    expect(text).not.toContain("topKMask");
    expect(text).toMatch(/^export const parts = { rmsNorm, absorbed };$/m);
  });

  it("can import all that answers of the lesson can use", () => {
    const master = fs.readFileSync("notebooks/source/09-build-it.ts", "utf8");
    for (const [from, { values, types }] of Object.entries(LESSON_HELPERS)) {
      const imported = new RegExp(`import \\{([^}]*)\\} from "./lib/${from}";`).exec(master)?.[1] ?? "";
      for (const name of values) expect(imported.split(/[,\s]+/), from).toContain(name);
      for (const name of types) expect(imported, from).toContain(`type ${name}`);
    }
  });

  it("keeps an older one beside it, and writes nothing twice", () => {
    const place = path.join(temporary("module"), "my-model.ts");
    expect(saveParts(["rmsNorm"], { file: place, sourceOf: solutionOf }).older).toBeNull();
    const first = fs.readFileSync(place, "utf8");
    expect(saveParts(["rmsNorm"], { file: place, sourceOf: solutionOf }).older).toBeNull();
    const { older } = saveParts(["rmsNorm", "block"], { file: place, sourceOf: solutionOf });
    expect(fs.readFileSync(older!, "utf8")).toBe(first);
    expect(fs.readFileSync(place, "utf8")).toContain("parts = { rmsNorm, block }");
  });

  it("needs a part, and the cell that it stands in", () => {
    const place = path.join(temporary("module"), "my-model.ts");
    expect(() => saveParts([], { file: place })).toThrow("solve an exercise first");
    expect(() => saveParts(["block"], { file: place, sourceOf: () => null })).toThrow(
      "the cell with block is not known",
    );
    expect(fs.existsSync(place)).toBe(false);
  });
});

it("every part has an exercise of its own", () => {
  const ids = PART_NAMES.map((name) => PART_EXERCISES[name].id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(Object.keys(LIB_DECODING_PARTS).sort()).toEqual([...PART_NAMES].sort());
});
