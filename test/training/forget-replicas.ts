/** Makes a step with two threads, and leaves them running. */
import { useBackend } from "../../lib/tensor/backend";
import { Replicas } from "../../lib/training/replicas";
import { Training } from "../../lib/training/run";
import { batchOf, CONFIG, OPTIONS } from "./support";

async function main(): Promise<void> {
  await useBackend("wasm");
  const training = new Training(CONFIG, OPTIONS);
  const replicas = await Replicas.start(training, 2);
  await replicas.makeStep(batchOf(0));
  console.log(`${training.step} step`);
}

void main();
