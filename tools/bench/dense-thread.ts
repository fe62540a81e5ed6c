/** A thread of the dense training step: the model once more, which takes a share of the batch on request. */
import { parentPort, workerData } from "node:worker_threads";
import * as tf from "@tensorflow/tfjs";
import { useBackend } from "../../lib/tensor/backend";
import { SharedTensors } from "../../lib/training/shared-tensors";
import { DenseTransformer, type DenseShare } from "./dense-step";

async function serve({ first, count, weights, gradients }: DenseShare): Promise<void> {
  await useBackend("wasm");
  const model = new DenseTransformer();
  const variables = model.parameters.map(({ variable }) => variable);
  const [given, found] = [new SharedTensors(variables, weights), new SharedTensors(variables, gradients)];
  const answer = () =>
    tf.tidy(() => {
      given.readInto(variables);
      const share = model.gradients(first, count);
      found.write(share.gradients);
      return share.loss.dataSync()[0];
    });
  parentPort!.on("message", () => parentPort!.postMessage(answer()));
  parentPort!.postMessage("ready");
}

void serve(workerData as DenseShare);
