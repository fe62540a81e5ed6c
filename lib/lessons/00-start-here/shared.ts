import type * as tf from "@tensorflow/tfjs";
import { Random } from "../../tensor/random";

/** Three rows of four random numbers: [3, 4]. */
export const rows = (seed: number, scale = 1) => new Random(seed).normalTensor([3, 4], scale) as tf.Tensor2D;
