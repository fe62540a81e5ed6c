/**
 * Sorting rows by expert on the GPU without reading anything back. The counts of the experts are known only there, so
 * the sorted rows get a fixed room: each expert's rows are padded to a whole number of tiles, and R rows hold any
 * outcome. A product over such rows works tile by tile, and a tile belongs to one expert.
 *
 * A slot is the place of one choice in the [N, K] matrix of chosen experts: slot n·K + k is token n's k-th expert.
 */
import * as tf from "@tensorflow/tfjs";
import { addUp } from "./pieces";
import { runProgram, workgroupsFor, type WebgpuProgram } from "./program";

/** Rows of a tile: what one workgroup of a product computes at once. */
export const TILE = 64;

export interface ExpertRows {
  /** int32 [E + 1]: expert e's rows are begins[e] … begins[e + 1] − 1, padding included; multiples of TILE. */
  begins: tf.Tensor1D;
  /** int32 [R]: the slot of each row, −1 for padding. */
  slots: tf.Tensor1D;
  /** int32 [N, K]: the row of each slot. */
  rows: tf.Tensor2D;
  /** R */
  capacity: number;
}

const COUNT: WebgpuProgram = {
  name: "courseExpertCounts",
  inputs: ["chosen"],
  uniforms: [
    ["slots", "i32"],
    ["experts", "i32"],
  ],
  workgroupSize: 256,
  // One workgroup an expert: its threads count in strides and add up.
  code: `
    var<workgroup> partial : array<i32, 256>;
    fn main(index : i32) {
      let expert = index / 256;
      let lane = index % 256;
      var count = 0;
      for (var slot = lane; slot < uniforms.slots; slot += 256) {
        count += select(0, 1, chosen[slot] == expert);
      }
      partial[lane] = count;
      ${addUp(256)}
      if (lane == 0 && expert < uniforms.experts) { result[expert] = partial[0]; }
    }`,
};

const BEGINS: WebgpuProgram = {
  name: "courseExpertBegins",
  inputs: ["counts"],
  uniforms: [["experts", "i32"]],
  workgroupSize: 64,
  code: `
    fn main(index : i32) {
      if (index <= uniforms.experts) {
        var begin = 0;
        for (var e = 0; e < index; e++) { begin += (counts[e] + ${TILE - 1}) / ${TILE} * ${TILE}; }
        result[index] = begin;
      }
    }`,
};

const SLOTS: WebgpuProgram = {
  name: "courseExpertSlots",
  inputs: ["chosen", "begins"],
  uniforms: [
    ["slots", "i32"],
    ["experts", "i32"],
    ["capacity", "i32"],
  ],
  workgroupSize: 256,
  // One workgroup an expert. Each thread takes a stretch of the slots; a sum over the threads before it says where its
  // finds go, so that the order of the tokens is kept.
  code: `
    var<workgroup> found : array<i32, 256>;
    fn main(index : i32) {
      let expert = index / 256;
      let lane = index % 256;
      let stretch = (uniforms.slots + 255) / 256;
      let first = lane * stretch;
      let last = min(first + stretch, uniforms.slots);
      var count = 0;
      for (var slot = first; slot < last; slot++) {
        count += select(0, 1, chosen[slot] == expert);
      }
      found[lane] = count;
      workgroupBarrier();
      for (var step = 1; step < 256; step = step * 2) {
        var before = 0;
        if (lane >= step) { before = found[lane - step]; }
        workgroupBarrier();
        found[lane] += before;
        workgroupBarrier();
      }
      if (expert < uniforms.experts) {
        var row = begins[expert] + found[lane] - count;
        for (var slot = first; slot < last; slot++) {
          if (chosen[slot] == expert) {
            result[row] = slot;
            row += 1;
          }
        }
        // What is left of this expert's room, and after the last expert of the whole, is padding.
        let used = begins[expert] + found[255];
        let end = select(begins[expert + 1], uniforms.capacity, expert == uniforms.experts - 1);
        for (var pad = used + lane; pad < end; pad += 256) { result[pad] = -1; }
      }
    }`,
};

const ROWS: WebgpuProgram = {
  name: "courseExpertRowOfSlot",
  inputs: ["slots"],
  uniforms: [["capacity", "i32"]],
  workgroupSize: 256,
  code: `
    fn main(index : i32) {
      if (index < uniforms.capacity && slots[index] >= 0) { result[slots[index]] = index; }
    }`,
};

/**
 * Gives every choice its row, sorted by expert and within an expert by token. The tensors are the caller's.
 *
 * @param chosen int32 [N, K], the chosen experts of each token
 * @param experts E
 */
export function expertRows(chosen: tf.Tensor2D, experts: number): ExpertRows {
  const total = chosen.size;
  const capacity = Math.ceil((total + experts * (TILE - 1)) / TILE) * TILE;
  const uniforms = { slots: total, experts, capacity };
  const int = { uniforms, dtype: "int32" as const };
  const { begins, slots, rows } = tf.tidy(() => {
    const counts = runProgram(COUNT, { ...int, inputs: [chosen], shape: [experts], workgroups: experts });
    const begins = runProgram<tf.Tensor1D>(BEGINS, {
      ...int,
      inputs: [counts],
      shape: [experts + 1],
      workgroups: workgroupsFor(experts + 1, BEGINS),
    });
    const slots = runProgram<tf.Tensor1D>(SLOTS, {
      ...int,
      inputs: [chosen, begins],
      shape: [capacity],
      workgroups: experts,
    });
    const workgroups = workgroupsFor(capacity, ROWS);
    const rows = runProgram<tf.Tensor2D>(ROWS, { ...int, inputs: [slots], shape: chosen.shape, workgroups });
    return { begins, slots, rows };
  });
  return { begins, slots, rows, capacity };
}
