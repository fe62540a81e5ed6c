/** Claims about CUDA and what is below it: decided by sources, and by what can be counted (lesson 06). */
import {
  copiesBetweenNodes,
  exchangeBytes,
  exchangeSeconds,
  expectedNodes,
  linksOf,
  type Links,
} from "../economics/communication";
import { value } from "../economics/facts";
import { DEEPSEEK_V3 } from "../model/config";
import { fixed, percent, whole } from "../notebook/format";
import { claimFact } from "./claims";
import { about, ruleSet, weigh } from "./rule";

/** What the claims on CUDA and export rules are judged by; each of these numbers can be changed to see a verdict turn. */
function hardwareFacts() {
  return {
    sms: claimFact("cuda-bypass", "sms"),
    communicationSms: claimFact("cuda-bypass", "communicationSms"),
    /** Export rules found that withhold the toolkit. */
    toolkitRules: claimFact("cuda-restrictions", "thresholdRules"),
    linkH800: value("accelerators", "h800", "intraNodeLink"),
    linkH100: value("accelerators", "h100", "intraNodeLink"),
    panguParameters: value("systems", "pangu-ultra-moe", "totalParameters"),
    panguAccelerators: value("systems", "pangu-ultra-moe", "accelerators"),
    panguUtilisation: value("systems", "pangu-ultra-moe", "mfu"),
    /** Nodes that a token's experts may live on, of those that share a layer's experts. */
    nodeLimit: value("systems", "v3-training", "nodeLimit"),
    expertNodes: value("systems", "v3-training", "expertNodes"),
    /** Other makers on whose chips V3 could be served at its release; trainings there that others could check. */
    servedElsewhere: claimFact("cuda-moat", "servedElsewhere"),
    checkableTrainings: claimFact("cuda-moat", "checkableTrainings"),
    /** Export licences found for chips of the newest generation. */
    newestLicensed: claimFact("cuda-exports", "newestLicensed"),
  };
}
type HardwareFacts = ReturnType<typeof hardwareFacts>;

/** Seconds of a token's exchange in one layer: InfiniBand carries it to the other nodes, NVLink to all experts. */
function exchange({ nodeLimit, expertNodes }: HardwareFacts, links: Links): number {
  const { nRoutedExperts: experts, numExpertsPerTok: active, hiddenSize } = DEEPSEEK_V3;
  const reached = expectedNodes({ experts, nodes: expertNodes, active, limit: nodeLimit });
  const others = copiesBetweenNodes(reached, expertNodes);
  return exchangeSeconds(exchangeBytes(hiddenSize, { interNode: others, intraNode: active }), links);
}

export const hardwareRules = ruleSet(hardwareFacts, [
  {
    id: "cuda-bypass",
    judge: (f) => ({
      verdict: weigh(["right", "wrong"]),
      evidence:
        `Code at the level of assembly, yes: PTX was written, in communication kernels, which run on ${f.communicationSms} of ${f.sms} multiprocessors ` +
        `(${percent(f.communicationSms / f.sms)}). PTX is part of CUDA and documented there, the kernels are CUDA C++ and need its ` +
        "toolkit. It went below the comfortable level of CUDA, not past it.",
    }),
    turns: "Released kernels that run without NVIDIA's toolkit and driver.",
  },
  {
    id: "cuda-restrictions",
    judge: (f) => ({
      verdict: weigh([f.linkH800 < f.linkH100 ? "right" : "wrong", f.toolkitRules > 0 ? "right" : "wrong"]),
      evidence:
        `Right about the chips: the rules set thresholds for hardware, and the H800 is an H100 with ` +
        `${percent(f.linkH800 / f.linkH100)} of its NVLink. Wrong about CUDA: DeepSeek used it. Its own libraries, published from ` +
        "February 2025, are CUDA C++ and require a recent toolkit. (We found no rule that withholds it; that alone would prove " +
        "nothing.)",
    }),
    turns: {
      key: "toolkitRules",
      name: "rules that withhold the toolkit",
      unit: "rules",
      low: 0,
      high: 5,
      whole: true,
    },
  },
  {
    id: "cuda-exports",
    judge: (f) => ({
      verdict: weigh([f.newestLicensed === 0 ? "right" : "right if"]),
      evidence:
        "So it is: A100 and H100 since October 2022, the H800 since October 2023, and what came after them. The H200, a generation " +
        "behind by then, can be licensed case by case since January 2026; we found no licence for a Blackwell chip.",
    }),
    turns: {
      key: "newestLicensed",
      name: "licences for the newest generation",
      unit: "licences",
      low: 0,
      high: 5,
      whole: true,
    },
  },
  {
    id: "cuda-older",
    judge: () => ({
      verdict: weigh(["right", "wrong"]),
      evidence:
        "Right: below CUDA C++ is where fast kernels are usually written; NVIDIA's own CUTLASS is full of PTX statements. But the H800 " +
        "was not older hardware: it is the chip of the H100, of the newest generation that was on sale while V3 was trained, with " +
        "slower links. And CUTLASS does it for the newest chips as well.",
    }),
    turns: "A report by which V3 was trained on an earlier generation.",
  },
  {
    id: "cuda-closer",
    judge: (f) => {
      const [h800, h100] = [exchange(f, linksOf("h800")), exchange(f, linksOf("h100"))];
      return {
        verdict: weigh([about(h800, h100, 0.02) ? "right if" : "wrong"]),
        evidence:
          `In training, by count: a token's exchange takes ${fixed(h800 / h100)} times as long on an H800 as on an H100, as ` +
          `InfiniBand is the slower link on both once a token goes to at most ${fixed(f.nodeLimit, 0)} nodes. So it is the routing ` +
          "that makes the missing NVLink not matter, rather than PTX; nobody has published the same training on both.",
      };
    },
    turns: { key: "nodeLimit", name: "nodes a token may reach", unit: "nodes", low: 1, high: 8, whole: true },
  },
  {
    id: "cuda-moat",
    judge: (f) => ({
      verdict: weigh([f.servedElsewhere > 0 ? "right" : "wrong", f.checkableTrainings > 0 ? "right" : "open"]),
      evidence:
        "For serving, yes: V3 ran on AMD and Huawei from its release (its README, section 6). For training " +
        (f.checkableTrainings > 0
          ? "there are runs that others can check. One of that size: "
          : "nobody else could check it yet. Of one run of that size its makers tell: ") +
        `Huawei's Pangu Ultra MoE, ${whole(f.panguParameters / 1e9)}B parameters on ${whole(f.panguAccelerators)} ` +
        `Ascend chips at ${percent(f.panguUtilisation)} of their peak. And PTX is no reason for it: it ties closer to NVIDIA. What ` +
        "has to be written anew for another chip, lesson 06 counts.",
    }),
    turns: {
      key: "checkableTrainings",
      name: "trainings of V3's size on other chips that others can check",
      unit: "trainings",
      low: 0,
      high: 5,
      whole: true,
    },
  },
]);
