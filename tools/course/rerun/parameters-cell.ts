/*
 * The cell behind which papermill puts the given values. It is the one tagged `parameters`; but a learner's copy may have
 * lost the tag (editors and converters drop it) or hold the cell twice (copied to keep the old values), and then the
 * values would go where the lesson doesn't read them. So it is found by what it declares.
 */
import type { ParameterSpec } from "../../../lib/notebook/parameter-spec";
import { hasTag, type Cell, type CodeCell, type Notebook } from "../build/notebook";

const TAG = "parameters";

/** The parameters that a cell declares, at the beginning of a line as the parameters cell does. */
function declaredIn(cell: CodeCell, specs: ParameterSpec[]): string[] {
  const names = [...cell.source.matchAll(/^(?:export )?(?:const|let|var)\s+([\w$]+)/gm)].map(([, name]) => name);
  return specs.map(({ name }) => name).filter((name) => names.includes(name));
}

/**
 * The notebook with the tag on the cell that declares the lesson's parameters, and on no other.
 *
 * @param file what errors call the notebook
 * @throws {Error} if no cell declares them, if two declare the same one, or if the lesson checks none
 */
export function withOneParametersCell(notebook: Notebook, specs: ParameterSpec[], file: string): Notebook {
  const declaring = notebook.cells.flatMap((cell, at) => {
    // What papermill put into the notebook of an earlier run, it replaces.
    if (cell.cell_type !== "code" || hasTag(cell, "injected-parameters")) return [];
    const names = declaredIn(cell, specs);
    return names.length === 0 ? [] : [{ at, names }];
  });
  const last = declaring.at(-1);
  if (last === undefined)
    throw new Error(`${file}: no cell declares the lesson's parameters, such as ${specs[0].name}`);
  for (const { name } of specs) {
    const cells = declaring.filter(({ names }) => names.includes(name)).map(({ at }) => at + 1);
    if (cells.length < 2) continue;
    throw new Error(`${file} declares ${name} in the cells ${cells.join(" and ")}: delete all but one of them`);
  }
  if (!notebook.cells.some((cell) => cell.cell_type === "code" && cell.source.includes("checkParameters("))) {
    throw new Error(`${file}: its call of checkParameters is gone, so a run can't say which values it used`);
  }
  return { ...notebook, cells: notebook.cells.map((cell, at) => tagged(cell, at === last.at)) };
}

function tagged(cell: Cell, isParameters: boolean): Cell {
  if (hasTag(cell, TAG) === isParameters) return cell;
  const others = (cell.metadata.tags ?? []).filter((tag) => tag !== TAG);
  return { ...cell, metadata: { ...cell.metadata, tags: isParameters ? [...others, TAG] : others } };
}
