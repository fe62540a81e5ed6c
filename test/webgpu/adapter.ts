/**
 * WebGPU for the tests, on any machine: with a GPU on that one, else on the software driver that comes with Chromium.
 * Slow, but it compiles and runs every program.
 */
import fs from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { useBackend } from "../../lib/tensor/backend";
import { findChromium } from "../../tools/course/build/chromium";
import { CHROMIUM_FOLDERS } from "../../tools/setup/chromium.mjs";

const DRIVER = "vk_swiftshader_icd.json";

/** npm test has looked for a GPU: then it says here that there is one, or names the driver. */
const DECIDED = process.env.COURSE_GPU !== undefined || process.env.VK_DRIVER_FILES !== undefined;

/** Chromium's program file can be a script elsewhere; these are the folders it is installed to. */
function driverPlaces(): string[] {
  return [path.dirname(fs.realpathSync(findChromium())), ...CHROMIUM_FOLDERS];
}

/**
 * Makes webgpu the backend.
 *
 * @throws if there is neither a GPU nor Chromium's driver, or the package is not installed
 */
export async function useWebgpu(): Promise<void> {
  const driver = (DECIDED ? [] : driverPlaces())
    .map((folder) => path.join(folder, DRIVER))
    .find((file) => fs.existsSync(file));
  if (driver !== undefined) process.env.VK_DRIVER_FILES = driver;
  await useBackend("webgpu");
}

/** The same computation on webgpu and on cpu, each with tensors of its own; numbers of every result. */
export async function onBoth(compute: () => tf.Tensor[]): Promise<{ gpu: Float32Array[]; cpu: Float32Array[] }> {
  const run = async (backend: string) => {
    await tf.setBackend(backend);
    const before = tf.memory().numTensors;
    const results = tf.tidy(() => compute() as unknown as tf.TensorContainer) as unknown as tf.Tensor[];
    const values = await Promise.all(results.map((result) => result.data()));
    tf.dispose(results);
    if (tf.memory().numTensors !== before)
      throw new Error(`${tf.memory().numTensors - before} tensors left on ${backend}`);
    return values as Float32Array[];
  };
  const gpu = await run("webgpu");
  return { gpu, cpu: await run("cpu") };
}
