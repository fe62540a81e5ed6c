/** The GPU of a browser; where there is none, Chromium's software adapter stands in. */
import { afterAll, expect, it } from "vitest";
import { openWorker, stopServing } from "./built-worker";

const SOFTWARE = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];

afterAll(stopServing);

it("computes what wasm computes", async () => {
  const kernel = await openWorker(SOFTWARE);
  const { error, stdout } = await kernel.execute(`import * as tf from "@tensorflow/tfjs";
import { useBackend } from "./lib/tensor/backend";
const products: number[][] = [];
for (const name of ["webgpu", "wasm"] as const) {
  console.log((await useBackend(name)).name);
  const a = tf.tensor2d(Array.from({ length: 64 }, (_, i) => Math.sin(i)), [8, 8]);
  products.push([...(await tf.softmax(tf.matMul(a, a)).data())]);
}
Math.max(...products[0].map((value, i) => Math.abs(value - products[1][i]))) < 1e-5`);
  await kernel.close();
  expect(error).toBeNull();
  expect(stdout).toBe("webgpu\nwasm\ntrue\n");
});
