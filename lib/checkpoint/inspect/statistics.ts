/** The numbers of one tensor, summed up piece by piece: an embedding of a billion numbers is never there as a whole. */
import { BLOCKS } from "../../numerics/scaling";
import { scaledWeight, scaleName, scaleShape } from "../fp8-weights";
import type { TensorFiles } from "../safetensors-read";
import { countOf } from "./components";

export interface Summary {
  /** Numbers, those that are NaN or infinite included; all else is of the others. */
  count: number;
  notFinite: number;
  zeros: number;
  min: number;
  max: number;
  mean: number;
  /** Standard deviation. */
  deviation: number;
  /** How many lie in each of equal parts of the way from min to max. */
  histogram: number[];
}

export interface TensorFacts extends Summary {
  name: string;
  dtype: string;
  shape: number[];
  /** Of codes in FP8: how many are the largest there are, zero, and none. What is above is of codes times scales. */
  codes: { saturated: number; zeros: number; nan: number } | null;
  /** Whether codes were multiplied by scales that lie beside them. */
  scaled: boolean;
}

const BINS = 20;
/** Numbers at a time. */
const PART = 1 << 22;
/** The largest E4M3. */
const LARGEST = 448;

/** Sums up numbers that can be walked over twice. */
export function summarise(parts: () => Iterable<ArrayLike<number>>): Summary {
  let [count, notFinite, zeros, min, max, sum, squares] = [0, 0, 0, Infinity, -Infinity, 0, 0];
  let shift: number | null = null; // near the mean, so that squares lose no digits
  for (const values of parts()) {
    count += values.length;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (!Number.isFinite(value)) {
        notFinite++;
        continue;
      }
      shift ??= value;
      if (value === 0) zeros++;
      if (value < min) min = value;
      if (value > max) max = value;
      sum += value - shift;
      squares += (value - shift) ** 2;
    }
  }
  const finite = count - notFinite;
  const histogram = new Array<number>(BINS).fill(0);
  if (max > min) {
    const scale = BINS / (max - min);
    for (const values of parts()) {
      for (let i = 0; i < values.length; i++) {
        if (Number.isFinite(values[i])) histogram[Math.min(BINS - 1, Math.floor((values[i] - min) * scale))]++;
      }
    }
  } else histogram[0] = finite;
  const mean = finite === 0 ? NaN : (shift ?? 0) + sum / finite;
  const deviation = finite === 0 ? NaN : Math.sqrt(Math.max(0, squares / finite - (sum / finite) ** 2));
  return { count, notFinite, zeros, min, max, mean, deviation, histogram };
}

/**
 * What there is to say of a tensor's numbers.
 *
 * @throws if there is no such tensor, or it can't be read
 */
export function tensorFacts(tensors: TensorFiles, name: string): TensorFacts {
  const { dtype, shape } = tensors.info(name);
  if (dtype !== "F8_E4M3")
    return { name, dtype, shape, ...summarise(() => partsOf(tensors, name)), codes: null, scaled: false };
  const codes = { saturated: 0, zeros: 0, nan: 0 };
  for (const values of partsOf(tensors, name)) {
    for (let i = 0; i < values.length; i++) {
      if (Math.abs(values[i]) === LARGEST) codes.saturated++;
      else if (values[i] === 0) codes.zeros++;
      else if (Number.isNaN(values[i])) codes.nan++;
    }
  }
  const scaled = hasScales(tensors, name);
  const summary = summarise(() => (scaled ? scaledParts(tensors, name, shape) : partsOf(tensors, name)));
  return { name, dtype, shape, ...summary, codes, scaled };
}

/** Names of the tensors that tensorFacts reads. */
export function factsNeed(tensors: TensorFiles, name: string): string[] {
  return hasScales(tensors, name) ? [name, scaleName(name)] : [name];
}

/** Whether a tensor is a matrix of codes with a scale for each block of it. */
function hasScales(tensors: TensorFiles, name: string): boolean {
  const { dtype, shape } = tensors.info(name);
  const scales = scaleName(name);
  if (dtype !== "F8_E4M3" || shape.length !== 2 || !tensors.has(scales)) return false;
  return tensors.info(scales).shape.join() === scaleShape(shape).join();
}

function* partsOf(tensors: TensorFiles, name: string): Generator<Float32Array | Int32Array, void, undefined> {
  const count = countOf(tensors, name);
  for (let at = 0; at < count; at += PART) yield tensors.readPart(name, at, Math.min(count, at + PART));
}

/** Codes times scales, so many rows at a time as make whole blocks. */
function* scaledParts(
  tensors: TensorFiles,
  name: string,
  [rows, columns]: number[],
): Generator<Float32Array, void, undefined> {
  const scales = tensors.read(scaleName(name)).values as Float32Array;
  const [height, width] = BLOCKS.square;
  const across = Math.ceil(columns / width);
  const step = height * Math.max(1, Math.floor(PART / (height * columns)));
  for (let row = 0; row < rows; row += step) {
    const here = Math.min(step, rows - row);
    const codes = tensors.readPart(name, row * columns, (row + here) * columns) as Float32Array;
    yield scaledWeight(codes, [here, columns], scales.subarray((row / height) * across));
  }
}
