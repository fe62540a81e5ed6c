/**
 * How the released checkpoint holds its linear maps: a matrix [out, in] of E4M3 codes, F8_E4M3, and beside it
 * `<name>_scale_inv`, a float32 for each block of 128 × 128 by which that block's codes are multiplied. Despite its name
 * it is the scale itself, the inverse of what the weights were multiplied with. Blocks at an edge are as large as what
 * is left. Embedding, head, routers, norms and the prediction module's ehProj are BF16.
 */
import { fromCodes } from "../numerics/codec";
import { quantise, type Quantised } from "../numerics/fp8-quantise";
import { BLOCKS, gridOf, type Scaling } from "../numerics/scaling";
import type { WrittenTensor } from "./safetensors-write";

/** quantization_config of the released config.json. */
export const QUANTIZATION_CONFIG = {
  activation_scheme: "dynamic",
  fmt: "e4m3",
  quant_method: "fp8",
  weight_block_size: [128, 128],
};

const WEIGHTS: Scaling = { format: "E4M3", block: BLOCKS.square, clamp: 2 ** -100 };

/** Whether the release holds the tensor of that name in FP8. */
export function isFp8Weight(name: string): boolean {
  return /\.(self_attn|mlp)\.(.+\.)?[a-z_]+_proj(_with_mqa)?\.weight$/.test(name);
}

/** The name of the tensor with a weight's scales. */
export function scaleName(name: string): string {
  return `${name}_scale_inv`;
}

/** The shape of a weight's scales: one for each block of 128 × 128, those at the edges included. */
export function scaleShape([rows, columns]: number[]): number[] {
  const { down, across } = gridOf(rows, columns, BLOCKS.square);
  return [down, across];
}

/**
 * The weight behind codes and scales.
 *
 * @param values of the codes, without scales
 */
export function scaledWeight(values: Float32Array, [rows, columns]: number[], scales: Float32Array): Float32Array {
  const { height, width, across } = gridOf(rows, columns, BLOCKS.square);
  return values.map((value, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    return value * scales[Math.floor(row / height) * across + Math.floor(column / width)];
  });
}

/** What the file holds of a linear map. */
export function fp8Tensors(weight: Omit<WrittenTensor, "format">): WrittenTensor[] {
  const { name, shape, values } = weight;
  let quantised: Promise<Quantised> | undefined;
  const once = () => (quantised ??= (async () => quantise(await values(), shape as [number, number], WEIGHTS))());
  return [
    { name, shape, format: "F8_E4M3", values: async () => fromCodes((await once()).codes, "E4M3") },
    {
      name: scaleName(name),
      shape: scaleShape(shape),
      format: "F32",
      values: async () => {
        const { scales } = await once();
        quantised = undefined; // read for the last time
        return scales;
      },
    },
  ];
}
