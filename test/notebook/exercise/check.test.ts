import { describe, expect, it } from "vitest";
import { assertSolved, check, defineExercise, solvedOr } from "../../../lib/notebook/exercise/check";
import { captured, shownText } from "../captured";
import { checked, double, type Double } from "./exercises";

describe("a check", () => {
  const right: Double = (values) => values.map((value) => value + value);

  it("passes a right answer, under the title and with the points that the lesson's master says", async () => {
    const text = await shownText(() => check({ ...double, id: "00-leak" }, right));
    expect(text.split("\n")[0]).toBe("✔ Stop the leak: right, 1 point");
    const other = await shownText(() => check({ ...double, id: "00-rms-norm" }, right));
    expect(other.split("\n")[0]).toBe("✔ RMSNorm: right, 2 points");
  });

  it("holds to a case's own right answer where it has one, whatever the reference says", async () => {
    const [first, ...rest] = double.cases;
    const other = { ...double, cases: [{ ...first, expected: () => [0, 0, 1] }, ...rest] };
    expect(await checked(other, (values: number[]) => (values.length === 3 ? [0, 0, 1] : right(values)))).toMatchObject(
      {
        status: "passed",
      },
    );
    expect((await checked(other, right)).message).toContain("expected: `[0, 0, 1]`");
  });

  it("does not put a colon behind a question", async () => {
    const heading = async (answer: Double) =>
      (await shownText(() => check({ ...double, id: "06-bubble" }, answer))).split("\n")[0];
    expect(await heading(right)).toBe("✔ How much of a step is bubble? Right, 3 points");
    expect(await heading(() => [])).toBe("✘ How much of a step is bubble? Not right yet");
  });

  it("calls an exercise by its id where no master announces it", async () => {
    expect(await shownText(() => check(double, right))).toBe("✔ 99-double: right");
    expect(await shownText(() => check(double, () => []))).toMatch(/^✘ 99-double: not right yet\n/);
  });

  it("says of the stub that it is not solved yet, and calls it neither right nor wrong", async () => {
    const stub = () => {
      throw new Error("Not implemented");
    };
    const text = await shownText(() => check(double, stub));
    expect(text).toContain("not solved yet");
    expect(text).not.toMatch(/^\s*[✔✘]/m);
  });

  it("knows a misconception by the answers in all cases", async () => {
    const result = await checked(double, (values: number[]) => values.map((value) => value * value));
    expect(result).toMatchObject({
      passed: false,
      misconception: "squares",
      message: double.misconceptions[0].message,
    });
  });

  it("does not name a misconception that fits some cases only", async () => {
    const result = await checked(double, (values: number[]) => values.map((value) => (value > 0 ? value ** 2 : value)));
    expect(result.misconception).toBeUndefined();
    expect(result.message).toContain('Case "positive numbers"');
  });

  it("shows the call, the answer and what was expected", async () => {
    const { message } = await checked(double, (values: number[]) => values.map((value) => 2 * value + 1));
    expect(message).toContain("[1, 2, 3]");
    expect(message).toContain("[3, 5, 7]");
    expect(message).toContain("[2, 4, 6]");
  });

  it("cuts no argument: a call that is too long to read can be made by name", async () => {
    const long = Array.from({ length: 200 }, (_, i) => i + 0.123456789);
    const exercise = defineExercise<Double>({ ...double, cases: [{ name: "many", args: [long] }] });
    const { message } = await checked(exercise, () => [1]);
    expect(message).toContain("\nthe same call: `answer(...exercise.inputs(1))`");
    expect(exercise.inputs(1)).toEqual([long]);
    expect(exercise.inputs(1)[0]).not.toBe(long);
    expect(() => exercise.inputs(2)).toThrow("inputs: 99-double has the cases 1 to 1; got 2");
    const named = await checked({ ...exercise, id: "01-select" }, () => [1]);
    expect(named.message).toContain("`select(...selectExercise.inputs(1))`");
    expect(named.message).toMatch(/expected: `\[0\.24691, .*, … 200 in all\]`/);
    const short = await checked(double, () => {
      throw new Error("no");
    });
    expect(short.message).toMatch(/threw an error\.\n`Error: no`\ncalled with: `\[1, 2, 3\]`$/);
  });

  it("shows as many digits as make the difference", async () => {
    const pay = (right: number) =>
      defineExercise<() => number>({
        id: "99-pay",
        reference: () => right,
        cases: [{ name: "", args: [] }],
        misconceptions: [],
      });
    expect((await checked(pay(5_649_904.046552898), () => 5_650_000.1)).message).toContain(
      "you return 5650000; expected is 5649904.",
    );
    expect((await checked(pay(2), () => 2.00003)).message).toContain("you return 2.00003; expected is 2.");
  });

  it("never shows the reference", async () => {
    expect(await shownText(() => check(double, () => []))).not.toContain("=>");
  });

  it("says the same in HTML and in plain text, and escapes what a learner returns", async () => {
    const exercise = defineExercise<(x: number) => string>({
      id: "99-text",
      reference: () => "right",
      cases: [{ name: "<b>", args: [1] }],
      misconceptions: [],
    });
    const { shown } = await captured(() => check(exercise, () => "<script>alert(1)</script>"));
    const html = String(shown[0].bundle["text/html"]);
    expect(html).not.toContain("<script>");
    const words = html
      .replace(/<br>|<\/div>/g, " ")
      .replace(/<[^>]*>/g, "")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&quot;", '"')
      .replaceAll("&#39;", "'")
      .replaceAll("&amp;", "&");
    const flat = (text: string) => text.replaceAll("`", "").replace(/\s+/g, " ").trim();
    expect(flat(words)).toBe(flat(shown[0].bundle["text/plain"]));
  });

  it("points to the hints when the answer is wrong", async () => {
    expect(await shownText(() => check(double, () => []))).toContain("Hint 1");
  });

  it("leads to the reference solution after a pass, and after the second wrong answer", async () => {
    const exercise = { ...double, id: "00-shape" };
    const solution = "notebooks/solutions/00-start-here.ipynb";
    expect(await shownText(() => check(exercise, () => []))).not.toContain(solution);
    expect(await shownText(() => check(exercise, () => []))).toContain(`don't help, see the solution in ${solution}`);
    const { shown } = await captured(() => check(exercise, right));
    expect(shown[0].bundle["text/plain"]).toMatch(new RegExp(`^✔.*\nTo compare with the .*, open ${solution}$`));
    expect(shown[0].bundle["text/html"]).toContain(`<a href="../${solution}">`);
  });

  it("leads nowhere while nbgrader grades", async () => {
    process.env.NBGRADER_EXECUTION = "autograde";
    try {
      expect(await shownText(() => check({ ...double, id: "00-leak" }, right))).not.toContain("solutions");
    } finally {
      delete process.env.NBGRADER_EXECUTION;
    }
  });
});

describe("a design task", () => {
  const half = defineExercise<(n: number) => number>({
    id: "99-half",
    reference: (n) => n / 2,
    cases: [{ name: "ten", args: [10] }],
    misconceptions: [],
    accept: (got, _, [n]) => (got <= n / 2 ? true : `${got} is more than half of ${n}`),
    score: { name: "parts", unit: "pieces", of: (got) => got, v3: 5 },
  });

  it("accepts any answer that keeps the rules, and compares its score with DeepSeek-V3's", async () => {
    const text = await shownText(() => check(half, () => 3));
    expect(text).toContain("✔");
    expect(text).toContain("parts: yours 3 pieces, DeepSeek-V3's 5 pieces.");
  });

  it("says which rule an answer breaks", async () => {
    expect((await checked(half, () => 7)).message).toContain("7 is more than half of 10");
  });
});

describe("solvedOr", () => {
  const right: Double = (values) => values.map((value) => value * 2);

  it("gives the learner's function if it passes, else the reference, and shows nothing", async () => {
    const { shown, result } = await captured(async () => [
      await solvedOr(double, right),
      await solvedOr(double, () => []),
      await solvedOr(double, () => {
        throw new Error("Not implemented");
      }),
    ]);
    expect(result).toEqual([right, double.reference, double.reference]);
    expect(shown).toEqual([]);
  });
});

describe("defineExercise and assertSolved", () => {
  it("refuse an exercise that lacks something, by its id", () => {
    expect(() => defineExercise({ ...double, cases: [] })).toThrow("99-double has no cases");
    expect(() => defineExercise({ ...double, id: "gate" })).toThrow('"gate"');
  });

  it("turn a check that did not pass into an error for a grader", async () => {
    const failed = await checked(double, () => 3);
    expect(() => assertSolved(failed)).toThrow(failed.message);
    expect(() => assertSolved({ passed: true, status: "passed", message: "" })).not.toThrow();
  });
});
