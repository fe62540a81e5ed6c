/** Claims about the mixture of experts: decided by the configuration and by counting (lessons 01 and 02). */
import { modelFact } from "../economics/facts";
import { countDecoder, decoderShape } from "../economics/other-models";
import { activeParameters, totalParameters } from "../economics/parameters";
import { expertCoverage, parametersRead } from "../economics/routing";
import { DEEPSEEK_V3, type ModelConfig } from "../model/config";
import { billions, fixed, percent, times } from "../notebook/format";
import { claimed } from "./claims";
import { about, oneOfRange, ruleSet, weigh } from "./rule";

/** What the claims on experts and routing are judged by; each of these numbers can be changed to see a verdict turn. */
function moeFacts() {
  const mixtral = countDecoder(decoderShape("mixtral-8x7b"));
  return {
    routedExperts: DEEPSEEK_V3.nRoutedExperts,
    activeExperts: DEEPSEEK_V3.numExpertsPerTok,
    sharedExperts: DEEPSEEK_V3.nSharedExperts,
    denseLayers: DEEPSEEK_V3.firstKDenseReplace,
    /** Tokens that are decoded together. */
    batch: 128,
    mixtralActive: mixtral.active,
    mixtralTotal: mixtral.total,
    dense70B: modelFact("llama-2-70b", "totalParameters").value,
    /** DeepSeekMoE and the dense model with the same parameters, all active: Pile loss, active expert parameters. */
    sparseTwinLoss: modelFact("deepseekmoe-2b", "pileLoss").value,
    denseTwinLoss: modelFact("deepseekmoe-dense16", "pileLoss").value,
    sparseTwinActive: modelFact("deepseekmoe-2b", "activeExpertParameters").value,
    denseTwinActive: modelFact("deepseekmoe-dense16", "activeExpertParameters").value,
  };
}
type MoeFacts = ReturnType<typeof moeFacts>;

function configOf(f: MoeFacts): ModelConfig {
  return {
    ...DEEPSEEK_V3,
    nRoutedExperts: f.routedExperts,
    numExpertsPerTok: f.activeExperts,
    nSharedExperts: f.sharedExperts,
    firstKDenseReplace: f.denseLayers,
  };
}

const sparseLayers = (f: MoeFacts) => DEEPSEEK_V3.numHiddenLayers - f.denseLayers;

export const moeRules = ruleSet(moeFacts, [
  {
    id: "moe-37b",
    judge: (f) => {
      const config = configOf(f);
      const [active, total] = [activeParameters(config, { head: true, embedding: false }), totalParameters(config)];
      const sameWork = about(active, claimed("moe-37b", "active"));
      return {
        verdict: weigh([!sameWork ? "wrong" : about(total, active) ? "right" : "right if"]),
        evidence:
          `Compute: ${fixed((2 * active) / 1e9, 1)} GFLOPs a token at every batch, as of a dense model of ` +
          `${billions(active)}. Memory: ${billions(total)} must be held, ${times(total / active)} as much. Weights read: ` +
          `equal at batch 1, ${times(parametersRead(config, f.batch) / active)} as much at batch ${f.batch}.`,
      };
    },
    turns: { key: "activeExperts", name: "active experts", unit: "experts", low: 1, high: 256, whole: true },
  },
  {
    id: "moe-256-8",
    judge: (f) => {
      const right =
        f.routedExperts === claimed("moe-256-8", "experts") && f.activeExperts === claimed("moe-256-8", "active");
      const all = f.sharedExperts === 0 && f.denseLayers === 0;
      return {
        verdict: weigh([right ? "right" : "wrong"], { leavesOut: !all }),
        evidence:
          `${f.routedExperts} routed experts, ${f.activeExperts} of them active, in ${sparseLayers(f)} of ` +
          `${DEEPSEEK_V3.numHiddenLayers} layers, plus ${f.sharedExperts} shared: ${f.activeExperts + f.sharedExperts} ` +
          "work on a token.",
      };
    },
    turns: { key: "activeExperts", name: "active experts", unit: "experts", low: 1, high: 16, whole: true },
  },
  {
    id: "moe-capacity",
    judge: (f) => {
      const apart = f.sparseTwinLoss / f.denseTwinLoss - 1;
      return {
        verdict: weigh([apart < 0.01 ? "right if" : "wrong"]),
        evidence:
          `Different tokens do use different experts: ${percent(expertCoverage(f.routedExperts, f.activeExperts, f.batch))} ` +
          `of them within a batch of ${f.batch}. And there is a dense twin, at a small size: with all experts always on a model ` +
          `reaches a loss of ${fixed(f.denseTwinLoss, 3)}, DeepSeekMoE with few of them ${fixed(f.sparseTwinLoss, 3)} ` +
          `(${fixed(f.sparseTwinActive / 1e9)}B against ${fixed(f.denseTwinActive / 1e9)}B active expert parameters). Whether ` +
          "that is so at V3's size, nobody has published.",
      };
    },
    turns: { key: "sparseTwinLoss", name: "loss of the sparse twin", unit: "nats a token", low: 1.7, high: 2 },
  },
  {
    id: "moe-hospital",
    judge: (f) => ({
      verdict: weigh([sparseLayers(f) > 1 ? "right if" : "right"]),
      evidence:
        `Right about few of many, and about the payroll. Misleading about one team: a token meets ` +
        `${sparseLayers(f) * f.activeExperts} routed experts, ${f.activeExperts} anew in each of ${sparseLayers(f)} layers. ` +
        `And silent about ${f.sharedExperts} expert that everybody sees.`,
    }),
    turns: "A model with one layer of experts, whose experts were measured to divide by subject.",
  },
  {
    id: "moe-mixtral",
    judge: (f) => {
      const [work, memory] = [f.mixtralActive / f.dense70B, f.mixtralTotal / f.dense70B];
      const fifth = about(work, claimed("moe-mixtral", "share"), 0.25);
      const stated = claimed("moe-mixtral", "experts") * claimed("moe-mixtral", "expert");
      return {
        verdict: weigh([
          about(f.mixtralTotal, stated) ? "right" : "wrong",
          !fifth ? "wrong" : about(memory, work, 0.25) ? "right" : "right if",
        ]),
        evidence:
          `A fifth is right in compute, ${percent(work)} of a dense 70B; of its memory it is ${percent(memory)}. It does not have ` +
          `eight experts of 7B each: that would be ${billions(stated)}, and it is ${billions(f.mixtralTotal)}, since only the ` +
          "feed-forward networks exist eight times. That it does as well as a dense 70B is its authors' evaluation.",
      };
    },
    turns: { key: "mixtralActive", name: "active parameters of Mixtral", unit: "parameters", low: 5e9, high: 46e9 },
  },
  {
    id: "moe-early-6-8",
    judge: (f) => ({
      verdict: weigh(oneOfRange(f.activeExperts, claimed("moe-early-6-8", "low"), claimed("moe-early-6-8", "high"))),
      evidence:
        `${f.activeExperts} lies in the range, and that half is right. But there is no range: it is ${f.activeExperts} routed ` +
        `experts for every token in every sparse layer, never ${claimed("moe-early-6-8", "low")} or ` +
        `${claimed("moe-early-6-8", "low") + 1}. DeepSeek-V2 had ${modelFact("deepseek-v2", "activeExperts").value} of ${modelFact("deepseek-v2", "experts").value}.`,
    }),
    turns: { key: "activeExperts", name: "active experts", unit: "experts", low: 1, high: 16, whole: true },
  },
]);
