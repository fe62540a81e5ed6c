/** run.json: by what command, on what machine and when a run was made, so that its figures can be traced. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { writeConfig } from "../../../lib/checkpoint/config-json";
import type { ModelConfig } from "../../../lib/model/config";
import { readJson } from "../../../lib/checkpoint/json-file";
import { gpuName } from "../../../lib/tensor/webgpu/device";
import type { RunRecord } from "../../../lib/training/record";
import type { Training } from "../../../lib/training/run";
import { commandLine, machineOf, saveRecorded } from "../../recorded";

/**
 * What the folder's run.json says, or a new record of a run that begins now.
 *
 * @param command the arguments that the run was called with
 * @param corpus the corpus's hash
 */
export async function openRecord(
  dir: string,
  training: Training,
  { command, corpus, backend }: { command: string[]; corpus: string; backend: string },
): Promise<RunRecord> {
  const path = join(dir, "run.json");
  const call = commandLine("pretrain", command);
  if (existsSync(path)) {
    const record = readJson(path) as unknown as RunRecord;
    if (record.options.steps === training.options.steps) return record;
    return { ...record, command: `${record.command}, then ${call}`, options: { ...training.options } };
  }
  return {
    command: call,
    begun: new Date().toISOString(),
    trainingSeconds: 0,
    machine: machineOf(backend, backend === "webgpu" ? await gpuName() : null),
    corpus,
    config: writeConfig(training.config as ModelConfig, "bfloat16"),
    options: { ...training.options },
  };
}

/** Writes it aside and then in place. */
export function writeRecord(dir: string, record: RunRecord): void {
  saveRecorded(join(dir, "run.json"), record);
}
