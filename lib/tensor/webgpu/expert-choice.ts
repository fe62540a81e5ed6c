/**
 * The choice of experts from their affinities on the GPU: one program for all steps of the selection, one for the gates
 * and one for their gradient, instead of some thirty small operations a layer, each of which has to be queued.
 */
import type * as tf from "@tensorflow/tfjs";
import { differentiable, stopGradient } from "../differentiable";
import type { ChoiceRules, ExpertChoice } from "../kernel-types";
import { runForAll, runProgram, workgroupsFor, type WebgpuProgram } from "./program";
import { columnsOfMaskOnWebgpu } from "./top-k";

// One thread a token. The largest are found one after the other: each is the best of those that come after the last, in
// the order of falling values and, where these are equal, of rising places.
const CHOOSE: WebgpuProgram = {
  name: "courseChooseExperts",
  inputs: ["affinity", "bias"],
  outputs: ["biased", "groupScores", "groupMask", "mask"],
  uniforms: [
    ["tokens", "i32"],
    ["experts", "i32"],
    ["groups", "i32"],
    ["keptGroups", "i32"],
    ["chosenPerToken", "i32"],
    ["least", "f32"],
    ["largest", "f32"],
    ["minusInfinity", "f32"],
  ],
  workgroupSize: 64,
  code: `
    fn main(index : i32) {
      if (index >= uniforms.tokens) { return; }
      let first = index * uniforms.experts;
      let firstGroup = index * uniforms.groups;
      let size = uniforms.experts / uniforms.groups;
      for (var g = 0; g < uniforms.groups; g++) {
        var best = 2.0 * uniforms.minusInfinity;
        var second = best;
        for (var e = g * size; e < (g + 1) * size; e++) {
          let z = affinity[first + e] + bias[e];
          biased[first + e] = z;
          mask[first + e] = 0.0;
          let finite = clamp(z, uniforms.least, uniforms.largest);
          if (finite > best) { second = best; best = finite; } else { second = max(second, finite); }
        }
        groupScores[firstGroup + g] = best + select(0.0, second, size > 1);
        groupMask[firstGroup + g] = 0.0;
      }
      var last = -2.0 * uniforms.minusInfinity; // above every score
      var place = -1;
      for (var k = 0; k < uniforms.keptGroups; k++) {
        var found = -1;
        for (var g = 0; g < uniforms.groups; g++) {
          let score = groupScores[firstGroup + g];
          if ((score < last || (score == last && g > place)) && (found < 0 || score > groupScores[firstGroup + found])) { found = g; }
        }
        if (found < 0) { break; } // scores that are no numbers
        groupMask[firstGroup + found] = 1.0;
        last = groupScores[firstGroup + found];
        place = found;
      }
      last = -2.0 * uniforms.minusInfinity;
      place = -1;
      for (var k = 0; k < uniforms.chosenPerToken; k++) {
        var found = -1;
        var top = 0.0;
        for (var e = 0; e < uniforms.experts; e++) {
          let dropped = (1.0 - groupMask[firstGroup + e / size]) * uniforms.minusInfinity;
          let score = clamp(biased[first + e], uniforms.least, uniforms.largest) + dropped;
          if ((score < last || (score == last && e > place)) && (found < 0 || score > top)) { found = e; top = score; }
        }
        if (found < 0) { break; }
        mask[first + found] = 1.0;
        last = top;
        place = found;
      }
    }`,
};

const UNIFORMS: WebgpuProgram["uniforms"] = [
  ["tokens", "i32"],
  ["experts", "i32"],
  ["normalised", "i32"],
  ["epsilon", "f32"],
  ["scale", "f32"],
];

// gates = scale · s / (Σ s + ε) over the chosen, or scale · s.
const GATES: WebgpuProgram = {
  name: "courseGates",
  inputs: ["s", "mask"],
  uniforms: UNIFORMS,
  workgroupSize: 64,
  code: `
    fn main(index : i32) {
      if (index >= uniforms.tokens) { return; }
      let first = index * uniforms.experts;
      var sum = 0.0;
      for (var e = first; e < first + uniforms.experts; e++) { sum += s[e] * mask[e]; }
      let divisor = select(1.0, sum + uniforms.epsilon, uniforms.normalised == 1);
      for (var e = first; e < first + uniforms.experts; e++) {
        result[e] = s[e] * mask[e] / divisor * uniforms.scale;
      }
    }`,
};

// With S = Σ s + ε over the chosen:  ds = scale · (dgate − Σ dgate · s / S) / S for the chosen, else 0.
const GATES_GRADIENT: WebgpuProgram = {
  name: "courseGatesGradient",
  inputs: ["s", "mask", "dy"],
  uniforms: UNIFORMS,
  workgroupSize: 64,
  code: `
    fn main(index : i32) {
      if (index >= uniforms.tokens) { return; }
      let first = index * uniforms.experts;
      var sum = 0.0;
      var along = 0.0;
      for (var e = first; e < first + uniforms.experts; e++) {
        sum += s[e] * mask[e];
        along += s[e] * mask[e] * dy[e];
      }
      let isNormalised = uniforms.normalised == 1;
      let divisor = select(1.0, sum + uniforms.epsilon, isNormalised);
      let mean = select(0.0, along / divisor, isNormalised);
      for (var e = first; e < first + uniforms.experts; e++) {
        result[e] = mask[e] * uniforms.scale * (dy[e] - mean) / divisor;
      }
    }`,
};

/** chooseExperts (nn.ts) on webgpu: the gates are differentiable in the affinity, the rest is constant. */
export function chooseExpertsOnWebgpu(affinity: tf.Tensor2D, bias: tf.Tensor1D, rules: ChoiceRules): ExpertChoice {
  const [tokens, experts] = affinity.shape;
  const { groups, keptGroups, chosenPerToken, range, minusInfinity, normalised, epsilon, scale } = rules;
  const [least, largest] = range;
  const [perExpert, perGroup] = [
    [tokens, experts],
    [tokens, groups],
  ];
  const chosen = runForAll(CHOOSE, {
    inputs: [affinity, bias],
    uniforms: { tokens, experts, groups, keptGroups, chosenPerToken, least, largest, minusInfinity },
    shape: perExpert,
    moreShapes: [perGroup, perGroup, perExpert],
    workgroups: workgroupsFor(tokens, CHOOSE),
  });
  const [biased, groupScores, groupMask, mask] = chosen.map((x) => stopGradient(x as tf.Tensor2D));
  const call = {
    uniforms: { tokens, experts, normalised: normalised ? 1 : 0, epsilon, scale },
    shape: perExpert,
    workgroups: workgroupsFor(tokens, GATES),
  };
  const gates = differentiable(
    (s: tf.Tensor2D) => ({
      value: runProgram<tf.Tensor2D>(GATES, { ...call, inputs: [s, mask] }),
      saved: [s, mask],
    }),
    (dy, [s, mask]) => [runProgram(GATES_GRADIENT, { ...call, inputs: [s, mask, dy] })],
  )(affinity);
  const expertIndices = columnsOfMaskOnWebgpu(mask, chosenPerToken);
  return { affinity, biased, groupScores, groupMask, expertIndices, mask, gates };
}
