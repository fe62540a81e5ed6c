/** The learner's parts as a module of their own, which `npm run generate -- --parts` takes. */
import { host } from "../../host";
import type { PartName } from "./ladder";

/** Where it lies, from the project's root. */
export const MODEL_FILE = host.paths.join("work", "my-model.ts");

/** What answers of the lesson may use: the same names as the lesson imports, from where they are. */
const HELPERS: Record<string, { values: string[]; types: string[] }> = {
  "inference/sampling": { values: [], types: ["SamplingOptions"] },
  "model/arithmetic": { values: ["project"], types: [] },
  "model/block": { values: [], types: ["BlockNorms", "BlockSteps"] },
  "model/config": { values: [], types: ["ModelConfig"] },
  "model/latent-cache": { values: [], types: ["Latents"] },
  "model/mla": {
    values: ["againstShared", "mergeHeads", "splitHeads", "upMatrices"],
    types: ["AttendWeights", "Query", "RememberSteps"],
  },
  "model/mtp": { values: [], types: ["MtpNorms", "MtpSteps"] },
  "model/rotary": { values: ["softmaxScale"], types: ["RotaryTables"] },
  "model/router": { values: [], types: ["RoutingConfig", "RoutingDecision"] },
  "model/weights": { values: [], types: ["ExpertWeights", "MlaWeights", "RouterWeights"] },
  "tensor/nn": { values: ["causalSoftmax", "swiGlu"], types: [] },
  "tensor/rows": { values: ["addRows", "takeRows"], types: [] },
  "tensor/top-k": { values: ["columnsOfMask", "topKMask"], types: [] },
};
export { HELPERS as LESSON_HELPERS };

/** The source of the cell that declared a name, where this runs in the course's kernel. */
function cellOf(name: string): string | null {
  const { courseCells } = globalThis as { courseCells?: { sourceOf(name: string): string | null } };
  return courseCells?.sourceOf(name) ?? null;
}

/**
 * The module's text: what the parts may use, the cells that they were written in, and the record of them.
 *
 * @param own the parts that are the learner's
 * @param sourceOf the text that declares a part
 * @throws if a part has no text
 */
export function moduleText(own: readonly PartName[], sourceOf = cellOf): string {
  const cells = own.map((name) => {
    const source = sourceOf(name);
    if (source === null) throw new Error(`saveParts: the cell with ${name} is not known; run it, then this one again`);
    return source.replace(/^\s*\/\/\/ (?:BEGIN|END) SOLUTION\s*$\n?/gm, "").trim();
  });
  const used = cells.join("\n");
  const needed = (names: string[]) => names.filter((name) => new RegExp(`\\b${name}\\b`).test(used));
  const imports = Object.entries(HELPERS).flatMap(([from, { values, types }]) => {
    const names = [...needed(values), ...needed(types).map((type) => `type ${type}`)];
    return names.length === 0 ? [] : [`import { ${names.join(", ")} } from "../lib/${from}";`];
  });
  return [
    "/** Parts of a DeepSeek-V3, written in lesson 09: npm run generate -- --parts takes them in place of lib's own. */",
    'import * as tf from "@tensorflow/tfjs";',
    ...imports,
    "",
    ...[...new Set(cells)].flatMap((cell) => [cell, ""]),
    `export const parts = { ${own.join(", ")} };`,
    "",
  ].join("\n");
}

/**
 * Writes the module. An older one with another text is kept beside it, with the time in its name.
 *
 * @returns where it lies, and where the older one is, from the project's root
 * @throws if there is no part, or as moduleText
 */
export function saveParts(
  own: readonly PartName[],
  { file = MODEL_FILE, sourceOf = cellOf }: { file?: string; sourceOf?: (name: string) => string | null } = {},
): { file: string; older: string | null } {
  if (own.length === 0) throw new Error("saveParts: none of the parts is yours yet; solve an exercise first");
  const text = moduleText(own, sourceOf);
  const before = host.look(file) === null ? null : host.readText(file);
  if (before === text) return { file, older: null };
  const older = before === null ? null : file.replace(/\.ts$/, `.${stamp()}.ts`);
  if (older !== null) host.move(file, older);
  host.write(file, text);
  return { file, older };
}

/** 2026-03-01-143005-123: no sign that a file's name can't have. */
function stamp(): string {
  return new Date().toISOString().replace(/[:.]/g, "").replace("T", "-").replace("Z", "");
}
