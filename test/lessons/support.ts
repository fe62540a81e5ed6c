/** What every exercise is held to. */
import { expect, it } from "vitest";
import type { AnyFunction, CheckResult, Exercise } from "../../lib/notebook/exercise/check";
import { withDrawn } from "../../lib/notebook/exercise/drawn";
import { judgeOutcomes } from "../../lib/notebook/exercise/examine";
import { handedOutcomes, handedText } from "../../lib/notebook/exercise/handed";

/** A check that shows nothing, by way of the text that a graded answer takes out of its process. */
export async function silently<F extends AnyFunction>(
  exercise: Exercise<F>,
  answer: AnyFunction,
): Promise<CheckResult> {
  const outcomes = handedOutcomes(await handedText(exercise, answer));
  return (await judgeOutcomes(exercise, outcomes)).result;
}

/**
 * Declares tests: the reference passes, so does an answer that is written differently, on drawn cases too, the stub is
 * unsolved, and each misconception is recognised by its own name.
 */
export function holdsTo<F extends AnyFunction>(exercise: Exercise<F>, differentlyWritten: F): void {
  it("accepts the reference", async () => {
    expect(await silently(exercise, exercise.reference)).toMatchObject({ status: "passed" });
  });

  it("accepts a right answer that is written differently", async () => {
    expect(await silently(exercise, differentlyWritten)).toMatchObject({ status: "passed" });
  });

  it("accepts it on cases that are drawn", async () => {
    for (let seed = 100; seed < 120; seed++) {
      const result = await silently(withDrawn(exercise, { seed, count: 3 }), differentlyWritten);
      expect(result.passed, `seed ${seed}: ${result.message}`).toBe(true);
    }
  });

  it("takes the stub as not solved yet", async () => {
    const stub = () => {
      throw new Error("Not implemented");
    };
    expect(await silently(exercise, stub)).toMatchObject({ status: "unsolved" });
  });

  it.each(exercise.misconceptions.map((misconception) => [misconception.name, misconception] as const))(
    "recognises: %s",
    async (name, { answer, message }) => {
      const { parts, ...result } = await silently(exercise, answer as unknown as AnyFunction);
      expect(result).toEqual({ passed: false, status: "wrong", misconception: name, message });
      if (parts !== undefined) expect(parts.all).toEqual(expect.arrayContaining(parts.right));
    },
  );
}
