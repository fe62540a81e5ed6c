/** Claims about CUDA and what is below it: decided by sources, and by what can be counted (lesson 06). */
import { value } from "../economics/facts";
import { percent, whole } from "../notebook/format";
import { claimFact } from "./claims";
import { ruleSet } from "./rule";

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
  };
}

export const hardwareRules = ruleSet(hardwareFacts, [
  {
    id: "cuda-bypass",
    judge: (f) => ({
      verdict: "contradicted",
      evidence:
        `PTX was written, in communication kernels, which run on ${f.communicationSms} of ${f.sms} multiprocessors ` +
        `(${percent(f.communicationSms / f.sms)}). PTX is part of CUDA and documented there, the kernels are CUDA C++ and need its ` +
        "toolkit. It went below the comfortable level of CUDA, not past it.",
    }),
    turns: "Released kernels that run without NVIDIA's toolkit and driver.",
  },
  {
    id: "cuda-restrictions",
    judge: (f) => ({
      verdict: f.toolkitRules > 0 ? "holds" : f.linkH800 < f.linkH100 ? "contradicted" : "cannot be checked",
      evidence:
        `The rules set thresholds for hardware: the H800 is an H100 with ${percent(f.linkH800 / f.linkH100)} of its NVLink. We found ` +
        "no rule that withholds the toolkit, and DeepSeek's own libraries require it. (Not to have found one is no proof.)",
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
    id: "cuda-moat",
    judge: (f) => ({
      verdict: "incomplete",
      evidence:
        "Serving V3 on AMD and Huawei worked from its release (its README, section 6). Of one training of that size elsewhere its " +
        `makers tell: Huawei's Pangu Ultra MoE, ${whole(f.panguParameters / 1e9)}B parameters on ${whole(f.panguAccelerators)} ` +
        `Ascend chips at ${percent(f.panguUtilisation)} of their peak. But PTX is no reason for it: it ties closer to NVIDIA. What ` +
        "has to be written anew for another chip, lesson 06 counts.",
    }),
    turns: "A training of V3's size on other accelerators that somebody else could check or repeat.",
  },
]);
