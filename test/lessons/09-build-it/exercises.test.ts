import { beforeAll, describe, expect, it } from "vitest";
import * as tf from "@tensorflow/tfjs";
import fs from "node:fs";
import {
  absorbedExercise,
  biasExercise,
  blockExercise,
  distributionExercise,
  expertsExercise,
  lossExercise,
  mtpExercise,
  naiveExercise,
  rememberExercise,
  rmsNormExercise,
  rotateExercise,
  routeExercise,
  type Distribution,
} from "../../../lib/lessons/09-build-it";
import type { AnyFunction, Exercise } from "../../../lib/notebook/exercise/check";
import { toPlainValue, TensorValue } from "../../../lib/notebook/exercise/values";
import { withArguments } from "../../../lib/notebook/exercise/run";
import { useBackend } from "../../../lib/tensor/backend";
import { expectClose } from "../../support/close";
import { holdsTo, silently } from "../support";
import { DIFFERENTLY, lossDifferently, moveBiasDifferently } from "./differently";

beforeAll(() => useBackend("wasm"));

describe("09-rms-norm", () => holdsTo(rmsNormExercise, DIFFERENTLY.rmsNorm));
describe("09-rotate", () => holdsTo(rotateExercise, DIFFERENTLY.rotate));
describe("09-remember", () => holdsTo(rememberExercise, DIFFERENTLY.remember));
describe("09-naive", () => holdsTo(naiveExercise, DIFFERENTLY.naive));
describe("09-absorbed", () => holdsTo(absorbedExercise, DIFFERENTLY.absorbed));
describe("09-route", () => holdsTo(routeExercise, DIFFERENTLY.route));
describe("09-experts", () => holdsTo(expertsExercise, DIFFERENTLY.experts));
describe("09-block", () => holdsTo(blockExercise, DIFFERENTLY.block));
describe("09-mtp", () => holdsTo(mtpExercise, DIFFERENTLY.mtp));
describe("09-loss", () => holdsTo(lossExercise, lossDifferently));
describe("09-bias", () => holdsTo(biasExercise, moveBiasDifferently));
describe("09-distribution", () => holdsTo(distributionExercise, DIFFERENTLY.distribution as Distribution));

it("09-block says that attention was called twice", async () => {
  const twice: typeof DIFFERENTLY.block = (h, norms, steps) =>
    tf.tidy(() => (steps.attention(h), DIFFERENTLY.block(h, norms, steps)));
  expect((await silently(blockExercise, twice)).message).toContain("attention was called twice");
});

/** The numbers of a plain value, in the order of its keys. */
function numbers(value: unknown): number[] {
  if (value instanceof TensorValue) return [...value.values];
  if (Array.isArray(value)) return value.map(Number);
  return Object.entries(value as object).flatMap(([, inner]) => numbers(inner));
}

describe("lib's own answers are within 1e-5 of the reference implementation", () => {
  const exercises = {
    rmsNormExercise,
    rotateExercise,
    rememberExercise,
    naiveExercise,
    absorbedExercise,
    routeExercise,
    expertsExercise,
    blockExercise,
    mtpExercise,
    lossExercise,
    biasExercise,
    distributionExercise,
  };
  it.each(Object.entries(exercises))("%s", (_, exercise) => {
    const { cases, reference } = exercise as unknown as Exercise<AnyFunction>;
    const known = cases.filter(({ expected }) => expected !== undefined);
    expect(known.length).toBeGreaterThan(0);
    for (const { args, expected } of known) {
      const before = tf.memory().numTensors;
      withArguments(args, (own) => {
        const call = reference as unknown as (...args: unknown[]) => unknown;
        expectClose(numbers(toPlainValue(call(...own))), numbers(toPlainValue(expected?.())));
      });
      expect(tf.memory().numTensors).toBe(before);
    }
  });
});

it.each(["a-group", "d-mtp"])("data/golden/%s holds the fixture's own bytes", (name) => {
  const fixture = fs.readFileSync(`test/fixtures/golden-${name}.safetensors`);
  expect(fs.readFileSync(`data/golden/${name}/model.safetensors`).equals(fixture)).toBe(true);
  const { config } = JSON.parse(fs.readFileSync(`test/fixtures/golden-${name}.json`, "utf8")) as { config: object };
  expect(JSON.parse(fs.readFileSync(`data/golden/${name}/config.json`, "utf8"))).toEqual(config);
});
