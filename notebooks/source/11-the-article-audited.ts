// %% [markdown]
// # 11 · The article audited
//
// ## Every claim of one article, in one table: what holds?
//
// This course began with one widely read article on DeepSeek-V3. It says dozens of things that can be looked into. The
// lessons before this one have looked into them, one mechanism at a time. This one puts all verdicts side by side and asks
// of each: **what would have to be different for it to fall?**
//
// At the end of this lesson you can
//
// - read a claim, say which number it hangs on, and how far that number is from turning it;
// - tell *contradicted* from *partly contradicted*, *incomplete*, *holds with a condition* and *cannot be checked*;
// - audit a claim from anywhere, by rules that someone else can run.
//
// *About an hour, with three exercises. It can be read without the other lessons; each verdict says which of them
// shows how it came about.*

// %% [markdown]
// ## What is said
//
// Here are the article's sentences that state something, by topic, shortened but close enough to its words that you would
// recognise them; the ids are those of the lessons.

// %% jupyter={"source_hidden": true}
import * as tf from "@tensorflow/tfjs";
import { audit, verdictOf, type Finding } from "./lib/claims/audit";
import { readClaims, sourcesOf, TOPICS, type Topic } from "./lib/claims/claims";
import { VERDICT_RULES } from "./lib/claims/rule";
import { entries, FACT_FILES, value } from "./lib/economics/facts";
import {
  bringExercise, decideExercise, judgeBrought, turnExercise, type BroughtClaim, type Span,
} from "./lib/lessons/11-the-article-audited";
import {
  axis, barChart, check, checkParameters, fixed, heatmapChart, lineChart, money, percent, plot, result, say, showSource,
  sliderPlot, solvedOr, table, times, VERDICT_COLOURS, VERDICTS, verdicts, whole, withSign, type Verdict,
} from "./lib/notebook";

const { claims, later, sources } = readClaims();
table(
  claims.map(({ id, topic, claim, lesson }, i) => ({
    topic: i > 0 && claims[i - 1].topic === topic ? "" : topic,
    id,
    "the claim": claim,
    lesson,
  })),
  { caption: `${claims.length} claims` },
);

// %% [markdown]
// **The numbers worth changing.** Change one, then *Run → Run All Cells*: every verdict that depends on it follows.

// %% tags=["parameters"]
const pricePerHour = 2.0; // 0.3..15.0 dollars: price of a GPU-hour
const gpt4Highest = 200; // 50..1000 million dollars: the highest figure for GPT-4 that you believe
const people = 150; // 1..5000 people: researchers and engineers who worked on V3
const otherExperiments = 1.0; // 0.01..20.0 official runs: experiments that no report mentions
const budget = 50; // 5..500 million francs: what CSCS has in a year
const batch = 128; // 1..4096 tokens: decoded together, where memory traffic is counted
const readTokens = 8192; // 16..131072 tokens: that a GPU reads at once, where its limit is looked for
const usualBits = 16; // 8 | 16 | 32 bits: of a number in training as it was usual
const acceptance = 0.875; // 0.0..1.0 share: of the second tokens that are accepted
const shown = "cost-llama"; // cost-total | cost-llama | cost-fiftieth | moe-37b | fp8-bound | mla-params: the claim that section 3 takes apart

// %%
checkParameters("11-the-article-audited", {
  pricePerHour, gpt4Highest, people, otherExperiments, budget, batch, readTokens, usualBits, acceptance, shown,
});
const changes = {
  price: pricePerHour,
  gpt4Highest: gpt4Highest * 1e6,
  people,
  otherExperiments,
  cscs: (budget * 1e6) / value("prices", "francs", "francsPerDollar"),
  batch,
  readTokens,
  usualBits,
  acceptance,
};

// %% [markdown]
// ## 1. How a verdict comes about
//
// A sentence may be right in one part and wrong in another, or right on a basis that it doesn't name. So *true* and *false*
// won't do; there are six verdicts, each with its rule:

// %% jupyter={"source_hidden": true}
table(
  VERDICTS.map((verdict) => ({ verdict: withSign(verdict), "is given when": VERDICT_RULES[verdict] })),
  { caption: "Six verdicts" },
);

// %% [markdown]
// ### Exercise 1 · From numbers to a verdict
//
// *Implement · difficulty 1 of 3 · 8 minutes · 2 points*
//
// Take the simplest kind of claim: it states a range, `{ low, high }`, and sources find a range, or nothing (`null`).
// All that was found lies within what is stated: it holds. Nothing of it does: contradicted. A part: it holds with a
// condition. Nothing found: you know. (*Incomplete* and *partly contradicted* are for claims that say more than one thing;
// they come below.)

// %% nbgrader={"grade": false, "grade_id": "11-decide", "locked": false, "schema_version": 3, "solution": true, "task": false}
function decide(stated: Span, found: Span | null): Verdict {
  /// BEGIN SOLUTION
  if (found === null) return "cannot be checked";
  if (found.high < stated.low || found.low > stated.high) return "contradicted";
  return found.low >= stated.low && found.high <= stated.high ? "holds" : "holds with a condition";
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "11-decide-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
await check(decideExercise, decide);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Four cases, in this order: nothing found; no overlap at all; all of what was found lies within what is stated; the rest.
//
// </details>
// <details><summary>Hint 2</summary>
//
// Draw the two ranges on a line. They don't touch if one ends before the other begins; there are two ways for that. And
// what was found lies within what is stated if both of its ends do.
//
// </details>
// <details><summary>Hint 3</summary>
//
// No overlap: found.high < stated.low or found.low > stated.high. All within: found.low >= stated.low and found.high <=
// stated.high. What is left is the condition.
//
// </details>

// %% [markdown]
// Many claims say more than one thing. Then each part is looked at by itself, and the parts are weighed. This function is
// the only place where findings become verdicts, so that the same error gets the same verdict wherever it is made:

// %%
showSource("lib/claims/rule.ts", "weigh");

// %% [markdown]
// The rules of the audit are of this kind, one function for each claim, from facts to a verdict and a sentence of
// evidence. The facts come from `data/`, where each has its source; the claim's own numbers stand with the claim. So a
// verdict is not an opinion that someone once had: change a number, and it changes.

// %% jupyter={"source_hidden": true}
const findings = audit(changes);
const finding = (id: string) => findings.find(({ claim }) => claim.id === id)!;
const one = finding(shown);
say`**${shown}**: *${one.claim.claim}*

${one.evidence}

Verdict: **${withSign(one.verdict)}**.

And two claims with one error, a range for what is one number: ${["moe-early-6-8", "mtp-2-4"]
    .map((id) => `*${finding(id).claim.claim}* ${withSign(finding(id).verdict)}`).join("; ")}.`;

// %% [markdown]
// ## 2. All verdicts
//
// **Predict.** Of all these claims, how many hold as they stand, without any *if*? And how many are contradicted, wholly or
// in part?

// %%
const myHolding = 30; // claims
const myContradicted = 15; // claims

// %% jupyter={"source_hidden": true}
const count = (verdict: Verdict, topic?: Topic) =>
  findings.filter((f) => f.verdict === verdict && (topic === undefined || f.claim.topic === topic)).length;
const byTopic = barChart({
  title: "How do the claims fare, topic by topic?",
  x: { title: "claims" },
  labels: [...TOPICS],
  series: VERDICTS.map((verdict) => ({ name: withSign(verdict), values: TOPICS.map((topic) => count(verdict, topic)) })),
});
plot(
  {
    data: byTopic.data.map((trace, i) => ({ ...trace, marker: { color: VERDICT_COLOURS[VERDICTS[i]] } })),
    layout: { ...byTopic.layout, barmode: "stack", legend: { traceorder: "normal" } },
  },
  { height: 440 },
);
const wrong = count("contradicted") + count("partly contradicted");
const between = findings.length - count("holds") - count("contradicted") - count("cannot be checked");
say`You said ${myHolding} and ${myContradicted}. Of ${findings.length}, **${count("holds")}** hold as they stand and **${wrong}** are
contradicted: ${count("contradicted")} wholly, ${count("partly contradicted")} in part. ${count("cannot be checked")} cannot be
checked. ${between} lie in between: right with a condition, incomplete, or right in one part.`;
result("claims that hold", count("holds"), "claims");
result("claims that are contradicted", count("contradicted"), "claims");
result("claims that are partly contradicted", count("partly contradicted"), "claims");

// %% [markdown]
// Read down the ones that are contradicted, in section 4. Two kinds come back: numbers that lost their basis on the way
// (*one fiftieth*: of what, counted how?), and mechanisms told as the one before them.
//
// ## 3. What would turn it?
//
// A verdict that falls at the slightest touch is worth less than one that stands firm. For each rule that looks at a
// number, one can ask: where would this number have to be for the verdict to change? Take the claim above, and let its
// number run:

// %% jupyter={"source_hidden": true}
const LEVEL: Record<Verdict, number> = {
  "cannot be checked": 0, contradicted: 1, "partly contradicted": 2, incomplete: 3, "holds with a condition": 4, holds: 5,
};
const LEVELS = (Object.keys(LEVEL) as Verdict[]).sort((a, b) => LEVEL[a] - LEVEL[b]);
const movable = findings.filter(
  (f) => f.assumption !== null && f.assumption.low > 0 && f.assumption.turning.now > 0 && f.assumption.high / f.assumption.low < 1e6,
);
/** The verdict as a step over the whole range of the assumption, in units of `scale`. */
function pathOf({ low, high, path }: NonNullable<Finding["assumption"]>, scale: number): { x: number[]; y: number[] } {
  const starts = [{ at: low, verdict: path.atLow }, ...path.turns];
  const ends = [...path.turns.map(({ at }) => at), high];
  return {
    x: starts.flatMap(({ at }, i) => [at / scale, ends[i] / scale]),
    y: starts.flatMap(({ verdict }) => [LEVEL[verdict], LEVEL[verdict]]),
  };
}
sliderPlot({
  title: "Where would the verdict turn?",
  parameter: "claim",
  unit: "",
  values: movable.map(({ claim }) => claim.id),
  initial: movable.some(({ claim }) => claim.id === shown) ? shown : movable[0].claim.id,
  height: 470,
  figure: (id) => {
    const assumption = finding(id).assumption!;
    const { name, unit, turning } = assumption;
    const power = 3 * Math.floor(Math.log10(assumption.high) / 3); // very large and very small numbers in powers of ten
    const scale = Math.abs(power) >= 9 ? 10 ** power : 1;
    const [low, high] = [assumption.low / scale, assumption.high / scale];
    const units = [scale === 1 ? "" : `10^${power}`, unit].filter((part) => part !== "").join(" ");
    const titleOfX = `${name}${units === "" ? "" : `, ${units}`} (log scale)`;
    const figure = lineChart({
      title: id,
      x: { title: titleOfX, log: true },
      y: { title: "verdict" },
      series: [
        { name: "verdict", ...pathOf(assumption, scale) },
        { name: "now", x: [turning.now / scale], y: [LEVEL[turning.verdict]], points: true },
      ],
    });
    const margin = 0.04 * Math.log10(high / low);
    return {
      ...figure,
      layout: {
        ...figure.layout,
        xaxis: {
          ...figure.layout.xaxis,
          ...(high / low < 5 ? { tickmode: "auto" } : axis({ title: titleOfX, log: true }, [low, high])),
          range: [Math.log10(low) - margin, Math.log10(high) + margin],
        },
        yaxis: { title: { text: "verdict" }, tickmode: "array", tickvals: LEVELS.map((v) => LEVEL[v]), ticktext: LEVELS, range: [-0.4, 5.4] },
      },
    };
  },
});
say`Move the slider through ${movable.length} claims; *now* marks where the number stands. A verdict may turn, and turn back
further on: follow *cost-llama* from the left to the right.`;

// %% [markdown]
// ### Exercise 2 · Where does it turn?
//
// *Implement · difficulty 2 of 3 · 12 minutes · 3 points*
//
// How was that found? You are given a function that says whether a claim `holds` at a value, and two values at which it
// does not say the same. Somewhere between them it turns. Find the place, to six digits. (It turns once.)

// %% nbgrader={"grade": false, "grade_id": "11-turn", "locked": false, "schema_version": 3, "solution": true, "task": false}
function turn(holds: (x: number) => boolean, low: number, high: number): number {
  /// BEGIN SOLUTION
  const first = holds(low);
  let [a, b] = [low, high];
  for (let i = 0; i < 100; i++) {
    const middle = (a + b) / 2;
    if (holds(middle) === first) a = middle;
    else b = middle;
  }
  return b;
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "11-turn-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(turnExercise, turn);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Keep two values, a and b, of which you know that the answer differs between them: at first `low` and `high`. Ask in the
// middle. Which half has the change in it?
//
// </details>
// <details><summary>Hint 2</summary>
//
// Ask once what the claim says at the low end, `holds(low)`, and remember it. A middle that says the same moves a, another
// one moves b. Each question halves what is left: how often must you halve for six digits?
//
// </details>
// <details><summary>Hint 3</summary>
//
// A loop of a hundred rounds will do. In each: take the middle of a and b; if `holds` says there what it says at `low`, the
// middle becomes a, else b. After the loop, return b.
//
// </details>

// %% [markdown]
// With your function (or the library's, until yours passes): at which prices of a GPU-hour does each claim about cost change
// its verdict? The prices are walked in small steps, and wherever two neighbours disagree, your function finds the place.

// %% jupyter={"source_hidden": true}
const turnAt = await solvedOr(turnExercise, turn);
const verdictAt = (id: string, price: number) => verdictOf(id, { ...changes, price });
const steps = Array.from({ length: 41 }, (_, i) => 0.3 * (15 / 0.3) ** (i / 40)); // dollars, even on a log scale
/** All prices at which a claim's verdict turns, from the lowest to the highest. */
function turnsOf(id: string): { at: number; verdict: Verdict }[] {
  const along = steps.map((price) => verdictAt(id, price));
  return steps.slice(1).flatMap((to, i) => {
    if (along[i] === along[i + 1]) return [];
    const at = turnAt((price) => verdictAt(id, price) === along[i], steps[i], to);
    return [{ at, verdict: along[i + 1] }];
  });
}
const costClaims = findings.filter(({ claim }) => claim.topic === "cost" || claim.topic === "access").map(({ claim }) => claim.id);
const turnsByClaim = new Map(costClaims.map((id) => [id, turnsOf(id)]));
const turned = costClaims.filter((id) => turnsByClaim.get(id)!.length > 0);
table(
  turned.map((id) => ({
    claim: id,
    [`at ${fixed(steps[0])} dollars`]: verdictAt(id, steps[0]),
    [`at ${fixed(pricePerHour)} dollars`]: verdictAt(id, pricePerHour),
    "going up, it becomes": turnsByClaim.get(id)!.map(({ at, verdict }) => `${verdict} at ${fixed(at)}`).join("; "),
  })),
  { caption: `Verdicts from ${fixed(steps[0])} to ${fixed(steps[40])} dollars an hour` },
);

// %% [markdown]
// Now all of them at once. **Predict:** which verdict hangs by the thinnest thread?

// %% jupyter={"source_hidden": true}
const nearest = movable
  .map(({ claim, verdict, assumption }) => {
    const { now, below, above } = assumption!.turning;
    const factor = (turn: { at: number } | null) => (turn === null || turn.at <= 0 ? Infinity : Math.max(turn.at / now, now / turn.at));
    return { id: claim.id, verdict, name: assumption!.name, factor: Math.min(factor(below), factor(above)) };
  })
  .filter(({ factor }) => Number.isFinite(factor))
  .sort((a, b) => a.factor - b.factor);
const [thinnest] = nearest;
const firmest = nearest[nearest.length - 1];
const factors = barChart({
  title: "By what factor must a number change to turn the verdict?",
  x: { title: "factor, up or down (log scale)", log: true },
  labels: nearest.map(({ id }) => id),
  series: [{ name: "to the nearest turn", values: nearest.map(({ factor }) => factor) }],
});
const factorAxis = { ...factors.layout.xaxis, range: [0, Math.log10(1.2 * firmest.factor)] };
plot({ ...factors, layout: { ...factors.layout, xaxis: factorAxis } }, { height: 120 + 22 * nearest.length });
say`The thinnest thread: **${thinnest.id}** (${thinnest.verdict}) turns if the ${thinnest.name} changes by
${percent(thinnest.factor - 1)}. The firmest of those that can turn at all: **${firmest.id}**, at
${times(firmest.factor)}. A factor is not a likelihood: a price doubles easily, a count of experts doesn't move at all. With that in
mind, quote a verdict at the top of this picture together with its number; one at the bottom can stand alone.`;

// %% [markdown]
// One number moves several verdicts at once: the price of a GPU-hour. V3's bill, Llama's, the share of a public budget
// all hang on it, and none of them on anybody's invoice.

// %% jupyter={"source_hidden": true}
const prices = [0.5, 1, 1.5, 1.75, 2, 2.25, 2.5, 3, 3.5, 4.5, 6, 10];
const atPrice = new Map(prices.map((price) => [price, new Map(costClaims.map((id) => [id, verdictAt(id, price)]))]));
sliderPlot({
  title: "Which verdicts follow the price of a GPU-hour?",
  parameter: "price",
  unit: "dollars an hour",
  values: prices,
  initial: 2,
  height: 520,
  figure: (price) => {
    const verdict = (id: string) => atPrice.get(price)!.get(id)!;
    const figure = heatmapChart({
      title: `${price}`,
      x: { title: "verdict", labels: VERDICTS.map((v) => v.replace(" with", "<br>with").replace(" be", "<br>be")) },
      y: { title: "claim", labels: costClaims },
      values: costClaims.map((id) => VERDICTS.map((v) => (v === verdict(id) ? 1 : null))),
      text: costClaims.map((id) => VERDICTS.map((v) => (v === verdict(id) ? withSign(v).slice(0, 1) : ""))),
      colour: { title: "", range: [0, 1] },
    });
    return { ...figure, data: figure.data.map((trace) => ({ ...trace, showscale: false })) };
  },
});
const stable = costClaims.filter((id) => turnsByClaim.get(id)!.length === 0);
const fiftieth = turnsByClaim.get("cost-fiftieth")!;
say`${stable.length} of ${costClaims.length} stay where they are at every price: ${stable.join(", ")}. And cost-fiftieth?
${fiftieth.length === 0 ? `It is “${verdictAt("cost-fiftieth", pricePerHour)}” at every price.` : `From ${fixed(fiftieth[fiftieth.length - 1].at)} dollars an hour on it is “${fiftieth[fiftieth.length - 1].verdict}”; below that, with GPT-4's bill left as it is, V3's hours get so cheap that more of it is right. Cheap hours for one and dear ones for the other is no comparison.`}`;

// %% [markdown]
// ## 4. The whole table
//
// Topic by topic: the evidence as it was computed just now, with your numbers, and what would turn the verdict.

// %% jupyter={"source_hidden": true}
const number = (x: number, more = 0) =>
  Math.abs(x) >= 1e6 ? `${fixed(x / 10 ** (3 * Math.floor(Math.log10(Math.abs(x)) / 3)), 1)}·10^${3 * Math.floor(Math.log10(Math.abs(x)) / 3)}`
    : Number.isInteger(x) ? whole(x) : Math.abs(x) < 1e-9 ? "0" : fixed(x, more + (Math.abs(x) >= 10 ? 1 : Math.abs(x) >= 0.1 ? 2 : 4));
/** A number with its unit; of a count the name says what is counted. */
function amount(x: number, { unit, whole: counted = false }: { unit: string; whole?: boolean }, more = 0): string {
  if (unit === "share") return percent(x);
  if (unit.startsWith("dollars")) return money(x, unit);
  return counted || unit === "" ? number(x, more) : `${number(x, more)} ${unit}`;
}
function whatTurns({ source, assumption }: Finding): string {
  if (assumption === null) return `A source: ${source}`;
  const { below, above, now } = assumption.turning;
  const close = [below, above].some((turn) => turn !== null && Math.abs(turn.at / now - 1) < 0.01);
  const say = (x: number) => amount(x, assumption, close ? 2 : 0); // two digits more where the turn is near
  const upTo = ({ at }: { at: number }) => (number(at) === "0" && !assumption.whole ? "at" : assumption.whole ? "up to" : "below");
  const sides = [
    ...(below === null ? [] : [`${upTo(below)} ${say(below.at)} “${below.verdict}”`]),
    ...(above === null ? [] : [`from ${say(above.at)} on “${above.verdict}”`]),
  ];
  return `The number: ${assumption.name}, now ${say(now)}; ${sides.join(", ")}.`;
}
function showTopic(topic: Topic): void {
  const own = findings.filter(({ claim }) => claim.topic === topic);
  verdicts(
    own.map((f) => ({
      claim: `${f.claim.id}: ${f.claim.claim}`,
      sources: sourcesOf(f.claim),
      computed: f.evidence,
      verdict: f.verdict,
      turns: whatTurns(f),
    })),
    `Verdicts: ${topic}`,
  );
}

// %% [markdown]
// ### The premise
//
// That V3 is as good as what it is compared with; everything said about cost rests on it.

// %% jupyter={"source_hidden": true}
showTopic("quality");

// %% [markdown]
// ### Cost
//
// How it is computed: [lesson 07](07-cost-economics.ipynb); what each technique saves: lessons
// [01](01-mixture-of-experts.ipynb) to [05](05-multi-token-prediction.ipynb).

// %% jupyter={"source_hidden": true}
showTopic("cost");

// %% [markdown]
// ### Mixture of experts
//
// [Lesson 01](01-mixture-of-experts.ipynb); on specialisation [lesson 02](02-load-balancing.ipynb).

// %% jupyter={"source_hidden": true}
showTopic("mixture of experts");

// %% [markdown]
// ### Balancing
//
// [Lesson 02](02-load-balancing.ipynb). The runs were recorded: one small model, one budget, three ways to balance.

// %% jupyter={"source_hidden": true}
showTopic("balancing");

// %% [markdown]
// ### Attention
//
// [Lesson 03](03-multi-head-latent-attention.ipynb).

// %% jupyter={"source_hidden": true}
showTopic("attention");

// %% [markdown]
// ### FP8
//
// [Lesson 04](04-fp8-training.ipynb); on what limits a GPU also [lesson 06](06-hardware-and-communication.ipynb).

// %% jupyter={"source_hidden": true}
showTopic("FP8");

// %% [markdown]
// ### Multi-token prediction
//
// [Lesson 05](05-multi-token-prediction.ipynb).

// %% jupyter={"source_hidden": true}
showTopic("multi-token prediction");

// %% [markdown]
// ### CUDA
//
// [Lesson 06](06-hardware-and-communication.ipynb).

// %% jupyter={"source_hidden": true}
showTopic("CUDA");

// %% [markdown]
// ### Data, access, openness
//
// [Lesson 08](08-data-and-openness.ipynb) on data and openness, [lesson 07](07-cost-economics.ipynb) on who can pay.

// %% jupyter={"source_hidden": true}
showTopic("data");
showTopic("access");
showTopic("openness");

// %% [markdown]
// ## 5. What came after
//
// The article is of early 2025. Since then its subject has been copied, improved on and argued about. What did that do to
// the verdicts? *Stands*: what came speaks for the verdict. *Weaker*: it speaks against it, and not enough to change it.
// *Turned*: with the numbers from before, the rule says something else.

// %% jupyter={"source_hidden": true}
const EFFECTS = { stands: "stands", weaker: "weaker", turned: "turned" } as const;
table(
  later.map(({ when, what, claims: ids, effect, before, source }) => ({
    when,
    what,
    "verdicts that it touches": ids
      .map((id) => (before === undefined ? id : `${id}: ${verdictOf(id, before)} → ${verdictOf(id)}`))
      .join(", "),
    effect: EFFECTS[effect],
    source: sources[source].title,
  })),
  { caption: "What was published after the article" },
);
const withEffect = (effect: keyof typeof EFFECTS) => later.filter((one) => one.effect === effect).length;
say`${withEffect("turned")} of ${later.length} turned a verdict, ${withEffect("weaker")} weakened one. (We list what we could find
a source for; that is no sample.)`;

// %% [markdown]
// ## 6. Who audits the auditors?
//
// Three things to hold against this table.
//
// **Its rules are ours**, and so is the wording of the claims. *About* means within a tenth here; *around*, and *a fifth*,
// mean within a quarter; a share of a budget, within a fifth. Another reader may draw other lines. That is why the rules are code.
// This is the part that searches for a turn:

// %%
showSource("lib/claims/rule.ts", "turning");

// %% [markdown]
// **Its sources are not all of one kind.** Some numbers we read in the authors' own text; some in somebody else's; some we
// could not confirm at all. Here is all that stands in `data/`:

// %% jupyter={"source_hidden": true}
const all = FACT_FILES.flatMap((name) => entries(name).flatMap(({ facts }) => Object.values(facts)));
const kinds = ["primary", "secondary", "derived", "unverified"] as const;
const ofKind = (kind: (typeof kinds)[number]) => all.filter(({ confidence }) => confidence === kind).length;
table(
  kinds.map((kind) => ({ confidence: kind, facts: ofKind(kind), share: percent(ofKind(kind) / all.length) })),
  { caption: `${all.length} facts about models, machines, prices and runs` },
);
say`${percent(ofKind("primary") / all.length)} at first hand. A verdict is as good as the weakest number in it; look that number
up before you quote the verdict.`;

// %% [markdown]
// **Its experiments are small.** What our recorded runs say of balancing and of multi-token prediction, a small model says. It
// can show that a mechanism does what is claimed of it. It cannot show how much of it remains at full size; there we quote the
// report, and the report is the authors'.
//
// ## 7. Your turn
//
// ### Exercise 3 · Bring a claim
//
// *Design · difficulty 3 of 3 · 25 minutes · 4 points*
//
// Take a claim from elsewhere: from an article, a talk, a lesson of this course that you doubt. Give it an `id` (words with
// hyphens), one sentence (`claim`), a `source`, the numbers that decide (`facts`), a rule that makes a verdict and a sentence
// of evidence out of them (`judge`), and the number that could turn it (`turns`), with the range in which you would believe
// it. The rule may look at nothing but its facts. A rule that nothing can turn is an opinion.
//
// A claim that waits for someone: *R1 was trained for 294,000 dollars* (its authors' own figure, from the supplement to their
// paper, [as Nature reported it](https://www.nature.com/articles/d41586-025-03015-6)). Is that all?

// %% nbgrader={"grade": false, "grade_id": "11-bring", "locked": false, "schema_version": 3, "solution": true, "task": false}
function myClaim(): BroughtClaim {
  /// BEGIN SOLUTION
  return {
    id: "r1-cost",
    claim: "DeepSeek-R1 was trained for 294,000 dollars.",
    source: { title: "Nature, news of 17 September 2025", url: "https://www.nature.com/articles/d41586-025-03015-6" },
    facts: {
      hours: value("training-runs", "deepseek-r1", "gpuHours"),
      price: pricePerHour,
      stated: value("training-runs", "deepseek-r1", "cost"),
      before: value("training-runs", "deepseek-v3", "cost"), // R1 starts from V3
    },
    judge: ({ hours, price, stated, before }) => {
      const own = hours * price;
      const right = Math.abs(own / stated - 1) < 0.1;
      return {
        verdict: !right ? "contradicted" : before > 0.1 * own ? "incomplete" : "holds",
        evidence: `Its own hours cost ${whole(own)} dollars; the model that it starts from took ${times(before / own)} as much.`,
      };
    },
    turns: { key: "price", name: "price of a GPU-hour", unit: "dollars", low: 0.3, high: 15 },
  };
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "11-bring-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
await check(bringExercise, myClaim);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Take a number from an article about some model. What is it made of? Those are your facts. Which of them is uncertain?
// That is what `turns` names.
//
// </details>
// <details><summary>Hint 2</summary>
//
// A price of a training is made of GPU-hours and a price of one, and there is what the article states: three facts. In
// `judge`, multiply two and compare with the third; the product belongs in the evidence, computed from the facts. A fact
// that changes nothing has no place there.
//
// </details>
// <details><summary>Hint 3</summary>
//
// A `source` has a title and a url that begins with https. What `judge` returns has a verdict and an evidence. `turns` has a
// key, a name, a unit, and the ends of the range, low and high; its key is the name of one of your facts, say of the price.
// The verdict may be “holds” where product and statement are within a tenth of each other, and “contradicted” elsewhere.
//
// </details>

// %%
const brought = (await solvedOr(bringExercise, myClaim))(); // yours, once it passes
const judged = judgeBrought(brought);
verdicts(
  [
    {
      claim: `${brought.id}: ${brought.claim}`,
      sources: brought.source.title,
      computed: judged.evidence,
      verdict: judged.verdict,
      turns: [judged.turning.below, judged.turning.above]
        .flatMap((turn) => (turn === null ? [] : [`${brought.turns.name} of ${number(turn.at)} ${brought.turns.unit}: ${turn.verdict}`]))
        .join("; "),
    },
  ],
  "One more claim",
);
say`That makes ${findings.length + 1}. To keep it, give it an entry in \`data/claims.json\` and a rule in \`lib/claims\`; a test then
holds both to the same standards as the others.`;

// %% [markdown]
// ## Recap
//
// What the article gets right: the hours of the last run and their price, as the report gives them; that many techniques came
// together, and that experts, latent attention, eight-bit numbers and a second prediction are among them; that weights one can
// download are no open source and a help all the same. Two kinds of error come back in what it gets wrong: **a number without its basis**, and a mechanism
// told as the one before it (a penalty in a softmax, a longer list of predictions).

// %% jupyter={"source_hidden": true}
const list = (verdict: Verdict) => findings.filter((f) => f.verdict === verdict).map(({ claim }) => claim.id).join(", ");
for (const verdict of VERDICTS) say`${withSign(verdict)} (${count(verdict)}): ${list(verdict) || "none"}.`;

// %% [markdown]
// **In one sentence:** ask of every number what it counts, on what basis, and what would turn it; what is left after that
// is what one can know.
//
// ## Where to read on
//
// - [DeepSeek-V3 Technical Report](https://arxiv.org/abs/2412.19437): the source behind many of these verdicts, worth reading
//   from the beginning;
// - [Insights into DeepSeek-V3](https://arxiv.org/abs/2505.09343): DeepSeek on hardware, in the year after;
// - [The rising costs of training frontier AI models](https://arxiv.org/abs/2405.21015): how to count cost with care;
// - [Pythia](https://arxiv.org/abs/2304.01373) and [OLMo 2](https://arxiv.org/abs/2501.00656): what a training looks like
//   when all of it can be checked.

// %% jupyter={"source_hidden": true}
say`Tensors left: ${tf.memory().numTensors}.`;
