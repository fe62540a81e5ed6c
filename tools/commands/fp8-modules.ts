/**
 * npm run fp8-modules -- --out data/measurements/fp8-modules.json
 *
 * What each module of v3-mini costs in FP8: the loss on windows of held-out text with it alone in FP8, with V3's table,
 * and with everything in FP8, each with block scales and without any. Recorded window by window, so that differences can
 * be paired.
 */
import { join } from "node:path";
import { loadModel } from "../../lib/checkpoint/checkpoint";
import { writeConfig } from "../../lib/checkpoint/config-json";
import { openCorpus } from "../../lib/corpus/build";
import { DOMAINS, heldOutWindows } from "../../lib/corpus/corpus";
import {
  lossesUnder,
  precisionOf,
  type Effect,
  type MeasuredEffect,
  type MeasuredEffects,
} from "../../lib/lessons/04-fp8-training/precision-effect";
import { MODULES } from "../../lib/model/arithmetic";
import { useBackend } from "../../lib/tensor/backend";
import { command, fromCaller, readCall, readNumber } from "../cli";
import { resultOf, severalAtOnce } from "../processes";
import { commandLine, machineOf, saveRecorded } from "../recorded";

const HELP = `npm run fp8-modules -- [options]

Measures what each module of v3-mini costs in FP8, on held-out text.

  --out FILE        where to (data/measurements/fp8-modules.json)
  --windows N       windows of each domain (128)
  --length N        bytes that are predicted in a window (128)
  --processes N     measurements that are made at the same time, each by a process of its own (1)
  --only A:B        one measurement: what is in FP8 (a module, none, V3 or all) and the scale (float32 or none)`;

const MODEL = join("data", "checkpoints", "v3-mini");
/** The forward pass has no multi-token prediction. */
const IN_FP8 = ["none", "V3", "all", ...MODULES.filter((module) => module !== "mtpProjection")] as const;
const EFFECTS: Effect[] = IN_FP8.flatMap((inFp8) =>
  (inFp8 === "none" ? (["float32"] as const) : (["float32", "none"] as const)).map((scale) => ({ inFp8, scale })),
);
const nameOf = ({ inFp8, scale }: Effect) => `${inFp8}:${scale}`;

export const main = command("fp8-modules", HELP, async (args) => {
  const { values } = readCall(args, {
    out: { type: "string" },
    windows: { type: "string", default: "128" },
    length: { type: "string", default: "128" },
    processes: { type: "string", default: "1" },
    only: { type: "string" },
  });
  const number = (name: "windows" | "length" | "processes") =>
    readNumber(`--${name}`, values[name], { whole: true, least: 1 });
  const [count, length, processes] = [number("windows"), number("length"), number("processes")];
  const asked = values.only === undefined ? EFFECTS : EFFECTS.filter((effect) => nameOf(effect) === values.only);
  if (asked.length === 0) throw new Error(`--only ${values.only}: the names are ${EFFECTS.map(nameOf).join(", ")}`);
  const out = values.out === undefined ? join("data", "measurements", "fp8-modules.json") : fromCaller(values.out);

  const corpus = openCorpus();
  const backend = await useBackend("wasm");
  const model = loadModel(MODEL);
  const seed = 1;
  const text = DOMAINS.flatMap((domain) => heldOutWindows(corpus.heldOut[domain], { length: length + 1, count, seed }));
  const begin = performance.now();
  const measure = async (effect: Effect): Promise<MeasuredEffect> => {
    const bits = lossesUnder(model, text, precisionOf(effect)).map((value) => Number(value.toFixed(5)));
    return { ...effect, bits };
  };
  const elsewhere = async (effect: Effect) => {
    const own = [...args, "--only", nameOf(effect), "--processes", "1"]; // the last one counts
    return ((await resultOf("fp8-modules", own)) as MeasuredEffects).effects[0];
  };
  const effects: MeasuredEffect[] = [];
  await severalAtOnce(asked, processes, async (effect) => {
    effects.push(await (processes === 1 ? measure(effect) : elsewhere(effect)));
    console.log(`${nameOf(effect)}: done after ${Math.round((performance.now() - begin) / 1000)} s`);
  });
  const place = (effect: Effect) => EFFECTS.findIndex((known) => nameOf(known) === nameOf(effect));
  const measured: MeasuredEffects = {
    run: {
      command: commandLine("fp8-modules", args),
      begun: new Date().toISOString(),
      trainingSeconds: 0,
      machine: machineOf(backend.name),
      corpus: corpus.manifest.hash,
      config: writeConfig(model.config, "float32"),
      options: { model: MODEL, windows: count, length, seed },
    },
    effects: effects.sort((a, b) => place(a) - place(b)),
  };
  model.dispose();
  saveRecorded(out, measured);
});
