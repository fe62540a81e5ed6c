/** A thread of Replicas: the whole model once more, which takes a share of each step's sequences. */
import { parentPort, workerData } from "node:worker_threads";
import * as tf from "@tensorflow/tfjs";
import type { ModelConfig } from "../model/config";
import type { Precision } from "../model/precision";
import { initWeights, namedTensors } from "../model/weights";
import { useBackend, type BackendName } from "../tensor/backend";
import type { ObjectiveOptions } from "./objective";
import { SharedTensors } from "./shared-tensors";
import { stepGradients, trainableModel } from "./step-gradients";

/** What a thread begins with. */
export interface ReplicaData {
  backend: BackendName;
  config: ModelConfig;
  precision?: Precision;
  /** All tensors of the model, written before each step. */
  weights: SharedArrayBuffer;
  /** The gradient of each parameter, written by the thread. */
  gradients: SharedArrayBuffer;
}

export interface ReplicaTask {
  /** [B][T + 2] */
  tokens: number[][];
  share: number;
  objective: ObjectiveOptions;
}

/** The numbers of StepGradients beside the gradients. */
export interface ReplicaAnswer {
  main: number;
  mtp: number;
  loads: number[][];
}

async function serve(data: ReplicaData): Promise<void> {
  await useBackend(data.backend);
  const own = trainableModel(data.config, initWeights(data.config, 0), data.precision);
  const variables = namedTensors(own.model.weights).map(({ tensor }) => tensor as tf.Variable);
  const weights = new SharedTensors(variables, data.weights);
  const shared = new SharedTensors(
    own.parameters.map(({ variable }) => variable),
    data.gradients,
  );
  const answer = ({ tokens, share, objective }: ReplicaTask): ReplicaAnswer =>
    tf.tidy(() => {
      weights.readInto(variables);
      const { main, mtp, loads, gradients } = stepGradients(own, tokens, objective, share);
      shared.write(gradients);
      return { main: main.dataSync()[0], mtp: mtp.dataSync()[0], loads: loads.arraySync() };
    });
  parentPort!.on("message", (task: ReplicaTask) => parentPort!.postMessage(answer(task)));
  parentPort!.postMessage("ready");
}

void serve(workerData as ReplicaData);
