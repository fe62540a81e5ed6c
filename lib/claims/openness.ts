/** Claims about data and openness: decided by what projects have published (lesson 08). */
import { entry } from "../economics/facts";
import { trainingCompute } from "../economics/flops";
import { percent, times } from "../notebook/format";
import { claimed, claimFact } from "./claims";
import {
  findProject,
  missingFor,
  missingForOpenSource,
  publishedBy,
  readOpenness,
  type OpennessFile,
} from "./openness-facts";
import { ruleSet } from "./rule";

/** Projects that have published their training text. */
function openProjects({ projects }: OpennessFile) {
  return projects.filter((project) => publishedBy(project).includes("data"));
}

function compute(run: string): number {
  const { facts } = entry("training-runs", run);
  return trainingCompute(facts.activeParameters.value, facts.tokens.value);
}

/** What the claims on data and openness are judged by; each of these numbers can be changed to see a verdict turn. */
function opennessFacts() {
  const openness = readOpenness();
  const v3 = findProject(openness, "deepseek-v3");
  const published = publishedBy(v3);
  return {
    /** 1: DeepSeek-V3's text is published. */
    v3Data: Number(published.includes("data")),
    projects: openness.projects.length,
    openProjects: openProjects(openness).length,
    v3Flops: compute("deepseek-v3"),
    /** FLOPs of the largest training whose text is published. */
    largestOpenFlops: compute("apertus-70b"),
    /** Artefacts that are missing for each purpose. */
    missingToVerify: missingFor("verify", published).length,
    missingToRun: missingFor("run", published).length,
    missingForOpenSource: missingForOpenSource(v3).length,
    missingSinceMit: missingForOpenSource(findProject(openness, "deepseek-v3-0324")).length,
    undoing: claimFact("open-safety", "undoing"),
    daysAfterRelease: claimFact("open-pressure", "daysAfterRelease"),
  };
}

const names = (ids: readonly string[]) => {
  const { artefacts } = readOpenness();
  return ids.map((id) => artefacts.find((artefact) => artefact.id === id)?.name ?? id).join(", ");
};

export const opennessRules = ruleSet(opennessFacts, [
  {
    id: "data-undisclosed",
    judge: (f) => ({
      verdict: f.v3Data > 0 ? "contradicted" : f.largestOpenFlops >= f.v3Flops ? "holds with a condition" : "holds",
      evidence:
        `V3's text is ${f.v3Data > 0 ? "published" : "not published, and its licence leaves it out by name"}. Of the ` +
        `${f.projects} projects in our table ${f.openProjects} publish theirs; the largest, Apertus 70B, took ` +
        `${times(f.largestOpenFlops / f.v3Flops)} the arithmetic of V3. So "every laboratory" means: every one that ` +
        "leads in quality and sells it. Reasons are seldom given; GPT-4's report names competition and safety.",
    }),
    turns: { key: "largestOpenFlops", name: "largest training on published text", unit: "FLOP", low: 1e23, high: 1e26 },
  },
  {
    id: "data-reproduce",
    judge: (f) => {
      const missing = missingFor("verify", publishedBy(findProject(readOpenness(), "deepseek-v3")));
      return {
        verdict: f.missingToVerify > 0 ? "holds" : "contradicted",
        evidence:
          `To verify that these weights come from that text, ${f.missingToVerify} things are missing: ${names(missing)}. ` +
          "In lesson 08 two recipes give the same model card and different weights; the same recipe, repeated with the " +
          "same data in the same order, gives the same weights to the last bit.",
      };
    },
    turns: { key: "missingToVerify", name: "things not published", unit: "artefacts", low: 0, high: 5, whole: true },
  },
  {
    id: "open-weights",
    judge: (f) => ({
      verdict: f.missingForOpenSource === 0 || f.missingToRun > 0 ? "contradicted" : "holds",
      evidence:
        `Not open source: against the Open Source AI Definition, V3 lacks ` +
        `${names(missingForOpenSource(findProject(readOpenness(), "deepseek-v3")))}; since the MIT licence of March 2025 ` +
        `${f.missingSinceMit} of these ${f.missingForOpenSource} are left. A help all the same: it can be run, measured ` +
        "and built on, and Open-R1 and this course do.",
    }),
    turns: {
      key: "missingForOpenSource",
      name: "things missing for the definition",
      unit: "artefacts",
      low: 0,
      high: 5,
      whole: true,
    },
  },
  {
    id: "open-safety",
    judge: (f) => ({
      verdict: "cannot be checked",
      evidence:
        `Both halves are real. Refusals were trained away from an open 70B model for less than $${f.undoing}, and weights ` +
        "cannot be called back. On the other side is what only some can build, check or switch off. Which weighs more has " +
        "no measure yet: the NTIA found the evidence insufficient for restrictions, and for ruling them out.",
    }),
    turns: "A measured difference in harm between open and closed models of equal capability (the marginal risk).",
  },
  {
    id: "open-pressure",
    judge: (f) => ({
      verdict: f.daysAfterRelease < 0 ? "contradicted" : "cannot be checked",
      evidence:
        `The offer of $${claimed("open-pressure", "subscription")} a month came ` +
        `${Math.abs(f.daysAfterRelease)} days ${f.daysAfterRelease < 0 ? "before" : "after"} V3 was released. And ` +
        `$${claimed("open-pressure", "run") / 1e6}M is ${percent(claimed("open-pressure", "run") / claimed("open-pressure", "other"))} ` +
        "of $100M, but of another quantity (see cost-comparable). What investors find hard to justify, nobody measured.",
    }),
    turns: {
      key: "daysAfterRelease",
      name: "days from V3 to the offer",
      unit: "days",
      low: -60,
      high: 60,
      whole: true,
    },
  },
]);
