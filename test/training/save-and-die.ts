/**
 * A process that dies while it saves: node --import tsx save-and-die.ts FOLDER FUNCTION CALL
 *
 * It makes two steps and saves, makes two more, and while it saves again it kills itself right before that call of that
 * function of node:fs; "1" is the first one.
 */
import fs from "node:fs";
import { saveState } from "../../lib/training/run-state";
import { Training } from "../../lib/training/run";
import { useBackend } from "../../lib/tensor/backend";
import { CONFIG, makeSteps, OPTIONS } from "./support";

async function main(): Promise<void> {
  const [dir, name, call] = process.argv.slice(2);
  await useBackend("wasm");
  const training = new Training(CONFIG, OPTIONS);
  await makeSteps(training, 2);
  await saveState(dir, training);
  await makeSteps(training, 2);
  const functions = fs as unknown as Record<string, (...args: unknown[]) => unknown>;
  const original = functions[name];
  let calls = 0;
  functions[name] = (...args) => {
    calls++;
    if (calls === Number(call)) process.kill(process.pid, "SIGKILL");
    return original(...args);
  };
  await saveState(dir, training);
}

void main();
