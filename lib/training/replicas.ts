/**
 * Data parallelism on the cores of one computer, as GPUs do it: every thread has the whole model and takes its share of
 * a step's sequences, and the gradients are added up (the report trains so across nodes, with ZeRO-1: section 3.2). The
 * wasm backend computes on one core, so each further thread brings another core, and needs the model's memory once more.
 * Every thread reads all weights, whatever its share: the larger the batch, the nearer two threads come to twice the
 * speed (`npm run bench -- v3-mini` has it for 8 × 128 tokens).
 *
 * The sums are those of one thread up to rounding. Only the classic auxiliary loss is no such sum: it counts over all
 * sequences of a batch at once.
 */
import { createRequire } from "node:module";
import path from "node:path";
import { Worker } from "node:worker_threads";
import * as tf from "@tensorflow/tfjs";
import { namedTensors } from "../model/weights";
import { backendInUse } from "../tensor/backend";
import type { ReplicaAnswer, ReplicaData, ReplicaTask } from "./replica-thread";
import { SharedTensors } from "./shared-tensors";
import type { StepGradients } from "./step-gradients";
import type { Training } from "./run";

export class Replicas {
  private constructor(
    private readonly training: Training,
    private readonly weights: SharedTensors,
    private readonly threads: ReplicaThread[],
  ) {}

  /**
   * @param count threads in all, this one included
   * @throws if the backend is not one that computes on one core, or the run's balance is "auxiliary"
   */
  static async start(training: Training, count: number): Promise<Replicas> {
    const backend = backendInUse();
    if (backend === "webgpu") throw new Error("threads are for wasm and cpu; webgpu takes a whole batch at once");
    if (training.options.balance === "auxiliary") {
      throw new Error("the auxiliary loss counts over a whole batch, so it is trained with one thread");
    }
    const { config, options, model, parameters } = training;
    const weights = new SharedTensors(namedTensors(model.weights).map(({ tensor }) => tensor));
    const threads = Array.from({ length: count - 1 }, () => {
      const gradients = new SharedTensors(parameters.map(({ variable }) => variable));
      const { precision } = options;
      return new ReplicaThread(
        { backend, config, precision, weights: weights.buffer, gradients: gradients.buffer },
        gradients,
      );
    });
    const replicas = new Replicas(training, weights, threads);
    try {
      await Promise.all(threads.map((thread) => thread.ready));
    } catch (error) {
      await replicas.stop();
      throw error;
    }
    return replicas;
  }

  /**
   * One step of the training.
   *
   * @param tokens [B][T + 2]
   */
  async makeStep(tokens: number[][]): Promise<void> {
    const { training } = this;
    const [mine, ...others] = deal(tokens, 1 + this.threads.length);
    const objective = training.objective;
    this.weights.write(namedTensors(training.model.weights).map(({ tensor }) => tensor));
    const share = (part: number[][]) => part.length / tokens.length;
    const answers = Promise.all(
      others.map((part, i) => this.threads[i].ask({ tokens: part, share: share(part), objective })),
    );
    answers.catch(() => {}); // looked at below, unless the own share fails first
    const own = training.gradients(mine, share(mine));
    try {
      await answers;
      const theirs = this.threads.slice(0, others.length);
      tf.tidy(() => training.apply(theirs.reduce((sum, thread) => thread.addedTo(sum), own)));
    } finally {
      tf.dispose([own.main, own.mtp, own.loads, own.gradients]);
    }
  }

  /** Ends the threads; the training stays. */
  async stop(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.stop()));
  }
}

/** The sequences in at most so many parts, whose sizes differ by one at most. */
function deal(tokens: number[][], parts: number): number[][][] {
  const count = Math.min(parts, tokens.length);
  const begin = (part: number) => Math.ceil((part * tokens.length) / count);
  return Array.from({ length: count }, (_, part) => tokens.slice(begin(part), begin(part + 1)));
}

const LOADER = createRequire(__filename).resolve("tsx/cjs");

/** One thread, seen from here. It keeps the process alive only while an answer is awaited. */
class ReplicaThread {
  readonly ready: Promise<unknown>;
  private readonly worker: Worker;
  private answered: ReplicaAnswer | undefined;
  private ended: Error | undefined;
  private fail: (error: Error) => void = () => {};

  constructor(
    data: ReplicaData,
    private readonly gradients: SharedTensors,
  ) {
    this.worker = new Worker(path.join(__dirname, "replica-thread.ts"), {
      workerData: data,
      execArgv: ["--require", LOADER],
    });
    const end = (error: Error) => this.fail((this.ended ??= error));
    this.worker.on("error", ({ message }: Error) => end(new Error(`a training thread failed: ${message}`)));
    this.worker.on("exit", () => end(new Error("a training thread has ended")));
    this.ready = this.answer();
  }

  async ask(task: ReplicaTask): Promise<void> {
    const answer = this.answer();
    this.worker.postMessage(task);
    this.answered = (await answer) as ReplicaAnswer;
  }

  /** The sum of these and what was answered to the last task. */
  addedTo({ main, mtp, loads, gradients }: StepGradients): StepGradients {
    const answered = this.answered!;
    return {
      main: main.add(answered.main),
      mtp: mtp.add(answered.mtp),
      loads: loads.add(answered.loads),
      gradients: this.gradients.addedTo(gradients),
    };
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }

  /** The next message. */
  private async answer(): Promise<unknown> {
    if (this.ended !== undefined) throw this.ended;
    this.worker.ref();
    try {
      return await new Promise((resolve, reject) => {
        this.fail = reject;
        this.worker.once("message", resolve);
      });
    } finally {
      this.worker.unref();
    }
  }
}
