/** Claims about data and openness: decided by what projects have published (lesson 08). */
import { entry, value } from "../economics/facts";
import { trainingCompute } from "../economics/flops";
import { fixed, money, percent, times } from "../notebook/format";
import { claimed, claimFact } from "./claims";
import {
  findProject,
  missingFor,
  missingForOpenSource,
  publishedBy,
  readOpenness,
  type OpennessFile,
} from "./openness-facts";
import { ruleSet, weigh } from "./rule";

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
    /** Bytes that a token takes on disk, and dollars a year that a byte takes in a cloud. */
    bytesPerToken: claimFact("data-hosting", "publicBytes") / claimFact("data-hosting", "publicTokens"),
    publicTokens: claimFact("data-hosting", "publicTokens"),
    storagePrice: claimFact("data-hosting", "storage"),
    v3Tokens: value("training-runs", "deepseek-v3", "tokens"),
    v3Cost: value("training-runs", "deepseek-v3", "cost"),
  };
}
type OpennessFacts = ReturnType<typeof opennessFacts>;

/** Dollars a year for keeping a text of V3's size in a cloud. */
const hosting = (f: OpennessFacts) => 12 * f.v3Tokens * f.bytesPerToken * f.storagePrice;

const names = (ids: readonly string[]) => {
  const { artefacts } = readOpenness();
  return ids.map((id) => artefacts.find((artefact) => artefact.id === id)?.name ?? id).join(", ");
};

export const opennessRules = ruleSet(opennessFacts, [
  {
    id: "data-undisclosed",
    judge: (f) => ({
      verdict: weigh([
        f.v3Data > 0 ? "wrong" : "right",
        f.largestOpenFlops >= f.v3Flops ? "right if" : "right",
        f.publicTokens >= f.v3Tokens ? "wrong" : "open",
      ]),
      evidence:
        `V3's text is ${f.v3Data > 0 ? "published" : "not published"}: that is right. Of the ` +
        `${f.projects} projects in our table ${f.openProjects} publish theirs; the largest, Apertus 70B, took ` +
        `${times(f.largestOpenFlops / f.v3Flops)} the arithmetic of V3. So it depends on whom one calls a ` +
        '"frontier lab". As a reason GPT-4\'s report names competition and safety. Size need be none: ' +
        `${fixed(f.publicTokens / 1e12, 0)} trillion tokens of FineWeb can be downloaded by anybody.`,
    }),
    turns: {
      key: "publicTokens",
      name: "largest text that anybody can download",
      unit: "tokens",
      low: 1e11,
      high: 1e14,
    },
  },
  {
    id: "data-reproduce",
    judge: (f) => {
      const missing = missingFor("verify", publishedBy(findProject(readOpenness(), "deepseek-v3")));
      return {
        verdict: weigh([f.missingToVerify > 0 ? "right" : "wrong"], { leavesOut: f.missingToVerify > 1 }),
        evidence:
          `Right, and the data alone would not do. To verify that these weights come from that text, ${f.missingToVerify} things are missing: ${names(missing)}. ` +
          "With all of them it can be done, at a small size: in lesson 08 the same recipe, repeated with the same data in the same " +
          "order, gives the same weights to the last bit.",
      };
    },
    turns: { key: "missingToVerify", name: "things not published", unit: "artefacts", low: 0, high: 5, whole: true },
  },
  {
    id: "data-hosting",
    judge: (f) => ({
      verdict: weigh([hosting(f) < 0.01 * f.v3Cost ? "wrong" : "right if"]),
      evidence:
        `At the ${fixed(f.bytesPerToken, 1)} bytes a token that FineWeb takes, V3's text is ${fixed((f.v3Tokens * f.bytesPerToken) / 1e12, 0)} ` +
        `terabytes: ${money(hosting(f), "dollars")} a year in a cloud, ${percent(hosting(f) / f.v3Cost)} of the bill for the last run ` +
        "(downloads come on top). FineWeb, as large, is hosted for nothing.",
    }),
    turns: { key: "storagePrice", name: "price of a byte a month", unit: "dollars", low: 1e-12, high: 1e-9 },
  },
  {
    id: "open-weights",
    judge: (f) => ({
      verdict: weigh([f.missingForOpenSource > 0 ? "right" : "wrong", f.missingToRun > 0 ? "wrong" : "right"]),
      evidence:
        `Not open source: against the Open Source AI Definition, V3 lacks ` +
        `${names(missingForOpenSource(findProject(readOpenness(), "deepseek-v3")))}; since the MIT licence of March 2025 ` +
        `${f.missingSinceMit} of these ${f.missingForOpenSource} are left. A help all the same, for whoever has machines ` +
        "that hold it: it can be run, measured and built on, as Open-R1 does.",
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
      verdict: weigh(["open"]),
      evidence:
        `For both halves there is evidence, and for neither a measure. Refusals were trained away from an open 70B model for less than $${f.undoing}, and weights ` +
        "cannot be called back. On the other side is what only some can build, check or switch off. " +
        "The NTIA found the evidence insufficient for restrictions, and for ruling them out.",
    }),
    turns: "A measured difference in harm between open and closed models of equal capability (the marginal risk).",
  },
  {
    id: "open-only",
    judge: () => ({
      verdict: weigh(["open"]),
      evidence:
        "An opinion, and of the kind that no number decides: it says what would happen without. Other mechanisms exist (public " +
        "computing centres, publications, laws on disclosure); whether any of them would do, nobody has measured.",
    }),
    turns: "A comparison of fields with and without open models.",
  },
  {
    id: "open-pressure",
    judge: (f) => ({
      verdict: weigh(["open", f.daysAfterRelease < 0 ? "wrong" : "open"]),
      evidence:
        `What costs $${claimed("open-pressure", "subscription")} a month is no API: it is ChatGPT Pro, a subscription, and it came ` +
        `${Math.abs(f.daysAfterRelease)} days ${f.daysAfterRelease < 0 ? "before" : "after"} V3. The other half is an opinion: ` +
        `$${claimed("open-pressure", "run") / 1e6}M is ${percent(claimed("open-pressure", "run") / claimed("open-pressure", "other"))} ` +
        "of $100M, and what investors find hard to justify, nobody measured.",
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
