/** Claims about cost (lesson 07). */
import { compareRuns, daysOn } from "../economics/training-cost";
import { fixed, money, percent, times } from "../notebook/format";
import { claimed } from "./claims";
import { costFacts, dollars, multipleOf, official, timesV3 } from "./cost-facts";
import { about, ruleSet, weigh } from "./rule";

const price = { key: "price", name: "price of a GPU-hour", unit: "dollars", low: 0.3, high: 15 } as const;

export const costRules = ruleSet(costFacts, [
  {
    id: "cost-total",
    judge: (f) => ({
      verdict: weigh([about(official(f), claimed("cost-total", "dollars")) ? "right if" : "wrong"]),
      evidence:
        `${fixed(f.gpuHours / 1e6, 3)}M hours at $${fixed(f.price)} are ${money(official(f), "dollars", 4)}. The hours are a ` +
        "measurement. The price is the report's assumption, near what owning costs; nobody sent this bill.",
    }),
    turns: price,
  },
  {
    id: "cost-days",
    judge: (f) => {
      const days = daysOn(f.gpus, f.gpuHours);
      const off = Math.abs(days / claimed("cost-days", "days") - 1);
      return {
        verdict: weigh([off < 0.02 ? "right" : off < 0.1 ? "right if" : "wrong"]),
        evidence:
          `${fixed(daysOn(f.gpus, f.preTrainingHours), 1)} days of pre-training and ${fixed(days, 1)} in all, if all ` +
          `${fixed(f.gpus, 0)} GPUs worked all the time: rounded up.`,
      };
    },
    turns: { key: "gpus", name: "GPUs that worked", unit: "GPUs", low: 1000, high: 4000 },
  },
  {
    id: "cost-excludes",
    judge: (f) => ({
      verdict: weigh([f.visibleResearch > 0 ? "right" : "open", "wrong"]),
      evidence:
        `Staff, data and failed attempts are not in it; the report itself leaves out research and ablations, of which ` +
        `${percent(f.visibleResearch)} of a run is visible in its tables. But depreciation is in it: $${fixed(f.price)} an hour is a ` +
        "rent, and a rent pays for the machine's loss of value, its building and its power. To add them again counts them twice. " +
        "(Storage, idle machines and those of development a rent does not pay for; there the claim is right.)",
    }),
    turns: "A bill in which the hours are charged without the machines.",
  },
  {
    id: "cost-all-in",
    judge: (f) => {
      const [low, mean, high] = [multipleOf(f, "low"), multipleOf(f, "mean"), multipleOf(f, "high")];
      const stated = { low: claimed("cost-all-in", "low"), high: claimed("cost-all-in", "high") };
      const apart = high < stated.low || low > stated.high;
      const within = low >= stated.low && high <= stated.high;
      return {
        verdict: weigh([apart ? "wrong" : within ? "right if" : "open"]),
        evidence:
          `Nobody has published it. With our assumptions at their means it is ${fixed(mean, 1)} times, with all of them at their ` +
          `low end ${fixed(low, 1)}, at their high end ${fixed(high, 1)}. ${fixed(stated.low, 0)} to ${fixed(stated.high, 0)} lies ` +
          "among what can be assumed; nothing that is known decides it.",
      };
    },
    turns: "DeepSeek's own count of experiments, people and failed runs.",
  },
  {
    id: "cost-comparable",
    judge: (f) => ({
      verdict: weigh([f.hoursPublished > 0 ? "right" : "open"]),
      evidence:
        `Counted alike, yes: hours of the last run on like GPUs, at one price, compare, and ${fixed(f.hoursPublished, 0)} other models in our data ` +
        `have their hours published. What is published in dollars is not counted alike: Llama 3.1 405B differs by ` +
        `${times(f.llamaCloud / f.llamaOwned)} between owning and a cloud. And of GPT-4, with which the article compares, no hours are published.`,
    }),
    turns: {
      key: "hoursPublished",
      name: "other models with published hours",
      unit: "models",
      low: 0,
      high: 50,
      whole: true,
    },
  },
  {
    id: "cost-llama",
    judge: (f) => {
      const [here, wanted] = [f.llamaHours * f.price, claimed("cost-llama", "dollars")];
      const between = wanted >= f.llamaOwned && wanted <= f.llamaCloud;
      return {
        verdict: weigh([about(here, wanted, 0.25) ? "right" : between ? "right if" : "wrong"]),
        evidence:
          `${dollars(here)} at V3's price of $${fixed(f.price)}, ${dollars(f.llamaOwned)} owned, ${dollars(f.llamaCloud)} in a ` +
          `cloud: the claim lies between, on no basis in particular. It needs $${fixed(wanted / f.llamaHours)} an hour.`,
      };
    },
    turns: price,
  },
  {
    id: "cost-gpt4",
    judge: (f) => {
      const [low, high] = [claimed("cost-gpt4", "low"), claimed("cost-gpt4", "high")];
      const within = (x: number) => x >= low && x <= high;
      return {
        verdict: weigh([
          within(f.gpt4Cloud) || within(f.gpt4Owned) ? "right" : within(f.gpt4Stated) ? "right if" : "wrong",
        ]),
        evidence:
          `Published estimates are lower: ${dollars(f.gpt4Owned)} owned, ${dollars(f.gpt4Cloud)} in a cloud. For it speaks ` +
          `what its maker's chief executive said in 2023, as reported: more than ${dollars(f.gpt4Stated)}. A bound, no figure.`,
      };
    },
    turns: { key: "gpt4Cloud", name: "GPT-4's price in a cloud", unit: "dollars", low: 20e6, high: 500e6 },
  },
  {
    id: "cost-undisclosed",
    judge: (f) => ({
      verdict: weigh([f.gpt4Published === 0 ? "right" : "wrong"]),
      evidence:
        "OpenAI has published none: its report gives neither hardware nor training compute (section 2). There are estimates of " +
        "others, and what its chief executive said in 2023, which bounds the cost from below.",
    }),
    turns: { key: "gpt4Published", name: "figures published by OpenAI", unit: "figures", low: 0, high: 5, whole: true },
  },
  {
    id: "cost-fiftieth",
    judge: (f) => {
      const most = timesV3(f, Math.max(f.gpt4Owned, f.gpt4Cloud, f.gpt4Stated, f.gpt4Highest));
      const [ratio, hundred] = [claimed("cost-fiftieth", "ratio"), 10 ** claimed("cost-fiftieth", "orders")];
      return {
        verdict: weigh([most >= 0.9 * ratio ? "right" : "wrong", most >= 0.9 * hundred ? "right" : "wrong"]),
        evidence:
          `By the article's own figures for GPT-4 it is ${fixed(timesV3(f, claimed("cost-gpt4", "low")), 0)} to ` +
          `${fixed(timesV3(f, f.gpt4Highest), 0)} times, by published estimates ${fixed(timesV3(f, f.gpt4Owned), 0)} to ` +
          `${fixed(timesV3(f, f.gpt4Cloud), 0)}. A fiftieth needs a GPT-4 for ${dollars(ratio * official(f))}, two orders of ` +
          `magnitude one for ${dollars(hundred * official(f))}. Against Llama 3.1 405B it is ${times(f.llamaHours / f.gpuHours)} ` +
          "in hours.",
      };
    },
    turns: { key: "gpt4Highest", name: "GPT-4's highest figure", unit: "dollars", low: 50e6, high: 1e9 },
  },
  {
    id: "cost-no-breakthrough",
    judge: (f) => {
      const ratio = compareRuns(
        { flops: f.llamaFlops, gpuHours: f.llamaHours },
        { flops: f.v3Flops, gpuHours: f.gpuHours },
      );
      const sparsity = Math.log(f.llamaActive / f.v3Active) / Math.log(ratio.hours);
      return {
        verdict: weigh(["right"], { leavesOut: sparsity > 0.5 }),
        evidence:
          `Main parts were published before (cost-community), and the report measures some of them one by one. But they don't weigh alike: of the ` +
          `${times(ratio.hours)} fewer hours than Llama 3.1 405B, ${times(f.llamaActive / f.v3Active)} is fewer active ` +
          "parameters, the mixture of experts alone.",
      };
    },
    turns: { key: "v3Active", name: "active parameters of V3", unit: "parameters", low: 10e9, high: 400e9 },
  },
  {
    id: "cost-community",
    judge: (f) => ({
      verdict: weigh([
        f.recent > 0 ? "right" : "wrong",
        f.recent < f.techniques || f.ownTechniques > 0 ? "right if" : "right",
      ]),
      evidence:
        `Of ${f.techniques} techniques that the report builds on, ${f.recent} were published within two years before it. ` +
        `${f.ownTechniques} of them by DeepSeek itself: fine-grained experts, latent attention, the bias. Experts as such (2017) and ` +
        "eight-bit training (2022) are older.",
    }),
    turns: {
      key: "recent",
      name: "techniques younger than two years",
      unit: "techniques",
      low: 0,
      high: 7,
      whole: true,
    },
  },
]);
