/**
 * A run on disk, so that it can go on later as if nothing had happened: weights, moments, biases and counters, exactly
 * as they were, in the folder `state-<step>` of the run's own folder.
 *
 * A state is written aside as `state-<step>.partial`, forced to the disk and then renamed, and only then are older ones
 * removed. Whenever the process is killed, the newest folder of the final name is complete. (A browser tab keeps one file
 * after the other, in the order in which they were written: a folder without state.json, the last, is not complete.)
 */
import * as tf from "@tensorflow/tfjs";
import { host } from "../host";
import type { ModelConfig } from "../model/config";
import { readJson } from "../checkpoint/json-file";
import { writeJson } from "../checkpoint/json-write";
import { TensorFiles } from "../checkpoint/safetensors-read";
import { writeSafetensors, type WrittenTensor } from "../checkpoint/safetensors-write";
import { Training, type TrainingOptions } from "./run";

const FORMAT = 1;

/** The file that is written last. */
const HEADER = "state.json";

const { join } = host.paths;

/** What state.json says. */
interface Header {
  format: number;
  step: number;
  summed: number;
  config: ModelConfig;
  options: TrainingOptions;
}

/**
 * Saves a run; older states in the folder are removed once this one is complete.
 *
 * @param dir the run's folder, made if it is not there
 * @returns the state's folder
 */
export async function saveState(dir: string, training: Training): Promise<string> {
  const { step, summed, tensors } = training.state();
  const place = join(dir, `state-${step}`);
  const aside = `${place}.partial`;
  if (!isComplete(place)) {
    host.remove(place);
    host.remove(aside);
    await writeSafetensors(join(aside, "tensors.safetensors"), tensors.map(written));
    const header: Header = { format: FORMAT, step, summed, config: training.config, options: training.options };
    writeJson(join(aside, HEADER), header);
    host.sync(join(aside, HEADER));
    host.sync(aside);
    host.move(aside, place);
    host.sync(dir);
  }
  removeBut(dir, place);
  return place;
}

function written({ name, tensor }: { name: string; tensor: tf.Tensor }): WrittenTensor {
  return { name, shape: tensor.shape, format: "F32", values: async () => (await tensor.data()) as Float32Array };
}

/** Whether the folder of a state has its last file. */
function isComplete(place: string): boolean {
  return host.look(join(place, HEADER)) !== null;
}

/** Removes all states of a run, complete or not, but one. */
function removeBut(dir: string, kept: string): void {
  for (const { name } of statesIn(dir)) {
    if (join(dir, name) !== kept) host.remove(join(dir, name));
  }
}

/** States of a run, complete or not, the newest first. */
function statesIn(dir: string): { name: string; step: number; complete: boolean }[] {
  if (host.look(dir) === null) return [];
  return host
    .list(dir)
    .flatMap((name) => {
      const match = /^state-(\d+)(\.partial)?$/.exec(name);
      return match === null
        ? []
        : [{ name, step: Number(match[1]), complete: match[2] === undefined && isComplete(join(dir, name)) }];
    })
    .sort((a, b) => b.step - a.step);
}

/** A saved state to go on from. */
export interface SavedState {
  path: string;
  step: number;
  config: ModelConfig;
  options: TrainingOptions;
}

/**
 * The newest complete state in a run's folder, null if there is none. What a kill has left beside it is removed.
 *
 * @throws if it cannot be read
 */
export function findState(dir: string): SavedState | null {
  const newest = statesIn(dir).find(({ complete }) => complete);
  removeBut(dir, join(dir, newest?.name ?? ""));
  if (newest === undefined) return null;
  const path = join(dir, newest.name);
  const { step, config, options } = readHeader(path);
  return { path, step, config, options };
}

/**
 * Goes on from a state. More steps than it was made for extend the run: its schedule is then that of the longer one from
 * the next step on.
 *
 * @throws if it was made with another config or other options; the message names what differs
 */
export function restoreState({ path }: SavedState, config: ModelConfig, options: TrainingOptions): Training {
  const header = readHeader(path);
  const made = { ...header.options, steps: Math.max(header.options.steps, options.steps) };
  const differing = [...differences(header.config, config), ...differences(made, options)];
  if (differing.length > 0) {
    throw new Error(
      `${path} is the state of another run: ${differing.join("; ")}. Go on with what it was made with, or begin a ` +
        "new run in another folder",
    );
  }
  const files = TensorFiles.openFile(join(path, "tensors.safetensors"));
  return Training.restore(config, options, header, (name, shape) => {
    const saved = files.read(name);
    if (saved.values instanceof Int32Array) throw new Error(`${files.path}: tensor ${name} holds whole numbers`);
    if (saved.shape.join() !== shape.join()) {
      throw new Error(`${files.path}: tensor ${name} has shape [${saved.shape}]; the run needs [${shape}]`);
    }
    return tf.tensor(saved.values, shape);
  });
}

function readHeader(path: string): Header {
  const header = readJson(join(path, HEADER));
  if (header.format !== FORMAT) {
    throw new Error(`${path}: its format is ${JSON.stringify(header.format)}; this version reads ${FORMAT}`);
  }
  return header as unknown as Header;
}

/** Where two trees of plain values differ: "seed is 1 there, 2 now". */
function differences(saved: unknown, now: unknown, path: string[] = []): string[] {
  if (isTree(saved) && isTree(now)) {
    const keys = new Set([...Object.keys(saved), ...Object.keys(now)]);
    return [...keys].flatMap((key) => differences(saved[key], now[key], [...path, key]));
  }
  const [there, here] = [saved, now].map((value) => JSON.stringify(value));
  return there === here ? [] : [`${path.join(".")} is ${there} there, ${here} now`];
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
