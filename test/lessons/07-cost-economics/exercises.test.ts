import { describe, expect, it } from "vitest";
import { value } from "../../../lib/economics/facts";
import {
  billExercise,
  budgetExercise,
  compareExercise,
  foreseenLoss,
  marginExercise,
  planComplaint,
  planExercise,
  V3_HOURS,
  type PlanRun,
  type Profit,
  type RunBudget,
  type TokensFor,
} from "../../../lib/lessons/07-cost-economics";
import { holdsTo, silently } from "../support";

describe("07-bill", () => {
  holdsTo(billExercise, (run) => {
    const stages = [(run.tokens * run.hoursPerTrillion) / 1e12, run.extensionHours, run.postHours];
    const days = stages.map((hours) => hours / (24 * run.gpus)).reduce((a, b) => a + b);
    return { days, dollars: days * 24 * run.gpus * run.price };
  });

  it("gives the report's own bill", () => {
    const { dollars, days } = billExercise.reference(V3_HOURS);
    expect(dollars).toBe(value("training-runs", "deepseek-v3", "cost"));
    expect(days).toBeCloseTo(56.7, 1);
  });
});

describe("07-eleven", () => {
  holdsTo(compareExercise, (a, b, price) => {
    const [x, y] = [a, b].map(({ active, tokens, gpuHours }) => ({ flops: 6 * active * tokens, hours: gpuHours }));
    return {
      flops: x.flops / y.flops,
      rate: x.flops / x.hours / (y.flops / y.hours),
      tiePrice: (y.hours * price) / x.hours,
    };
  });
});

describe("07-budget", () => {
  const stepByStep: TokensFor = (purse) => {
    const dollars = purse.francs / purse.francsPerDollar;
    const seconds = (dollars * 3600) / purse.price;
    const tokensPerSecond = (purse.peak * purse.mfu) / purse.active / 6;
    return seconds * tokensPerSecond;
  };
  holdsTo(budgetExercise, stepByStep);

  it("says that fifty million francs are ten times V3's tokens, about", () => {
    const [purse] = budgetExercise.cases[0].args as [Parameters<TokensFor>[0]];
    const ratio = budgetExercise.reference(purse) / value("training-runs", "deepseek-v3", "tokens");
    expect(ratio).toBeGreaterThan(9);
    expect(ratio).toBeLessThan(12);
  });
});

describe("07-margin", () => {
  const throughMarkup: Profit = (tokens, prices, cost) => {
    const kinds = ["cacheHit", "cacheMiss", "output"] as const;
    const earned = kinds.map((kind) => (tokens[kind] / 1e6) * prices[kind]).reduce((a, b) => a + b);
    const markup = earned / cost - 1;
    return { markup, margin: markup / (1 + markup) };
  };
  holdsTo(marginExercise, throughMarkup);
});

describe("07-plan", () => {
  const flops = (b: RunBudget) => {
    const byMoney = ((1 - b.reserve) * b.dollars) / b.price;
    const byTime = 24 * b.days * b.gpus;
    return (byMoney < byTime ? byMoney : byTime) * 3600 * b.peak * b.mfu;
  };
  /** Tries many sizes and keeps the best. */
  const bySearch: PlanRun = (budget) => {
    const sizes = Array.from({ length: 400 }, (_, i) => 1e9 * 1.02 ** i);
    const plans = sizes.map((parameters) => ({ parameters, tokens: flops(budget) / (6 * parameters) }));
    return plans.reduce((best, plan) => (foreseenLoss(plan) < foreseenLoss(best) ? plan : best));
  };
  holdsTo(planExercise, bySearch);

  it("accepts twenty tokens a parameter, the rule of thumb", async () => {
    const twenty: PlanRun = (budget) => {
      const parameters = Math.sqrt(flops(budget) / 120);
      return { parameters, tokens: 20 * parameters };
    };
    expect((await silently(planExercise, twenty)).passed).toBe(true);
  });

  it.each([
    ["a model that is too small for its tokens", 2000, "within the limits, with a foreseen loss of"],
    ["a model that is too large for its tokens", 0.5, "within the limits, with a foreseen loss of"],
  ])("says what is not good about %s", async (_, tokensPerParameter, message) => {
    const plan: PlanRun = (budget) => {
      const parameters = Math.sqrt(flops(budget) / 6 / tokensPerParameter);
      return { parameters, tokens: tokensPerParameter * parameters };
    };
    expect((await silently(planExercise, plan)).message).toContain(message);
  });

  it("names the limit that a plan breaks", () => {
    const budget: RunBudget = { dollars: 1e6, reserve: 0, price: 2, gpus: 100, days: 400, mfu: 0.4, peak: 1e15 };
    const plan = bySearch(budget);
    expect(planComplaint(budget, plan)).toBeNull();
    expect(planComplaint(budget, { ...plan, tokens: 2 * plan.tokens })).toContain("costs 200%");
    expect(planComplaint({ ...budget, days: 100 }, plan)).toMatch(/takes 208% of the days/);
    expect(planComplaint(budget, { parameters: -1, tokens: 1 })).toContain("must be a positive number");
  });
});
