/*
 * The learner's copies in the browser. JupyterLite shows a lesson from the site's files until it is saved, then the copy
 * that the browser keeps: so a copy that nobody has changed is refreshed by forgetting it. The rule is npm start's.
 */
import { bringUpToDate, freeName, sourcesOf, type Copies, type Notebook } from "../../../../setup/copies.mjs";
import { fingerprint } from "../../fingerprint.mjs";

/** What the browser keeps, by path; as JupyterLite's drive stores it. */
export interface Store {
  getItem(path: string): Promise<{ content: unknown; last_modified: string } | null>;
  setItem(path: string, item: object): Promise<unknown>;
  removeItem(path: string): Promise<void>;
  keys(): Promise<string[]>;
}

/** A lesson of the site as it is now: its file lessons.json. */
export type Lessons = Record<string, { sources: string; file: string }>;

export interface Course {
  lessons: Lessons;
  /** The lesson's file. */
  fetchLesson(lesson: string): Promise<unknown>;
}

export interface Done {
  lesson: string;
  did: "copied" | "refreshed" | "offered" | "nothing";
  /** The file to look at. */
  file: string;
}

/** Of a copy that the browser keeps; of what is no notebook, all is the learner's. */
async function digestsOf(store: Store, path: string) {
  const item = await store.getItem(path);
  if (item === null) return null;
  const file = fingerprint(JSON.stringify(item.content));
  try {
    return { sources: fingerprint(sourcesOf(item.content as Notebook)), file };
  } catch {
    return { sources: file, file };
  }
}

/** Brings all copies up to date; `copies`, what is remembered of them, is brought up to date as well. */
export async function syncCopies(store: Store, copies: Copies, { lessons, fetchLesson }: Course): Promise<Done[]> {
  const done: Done[] = [];
  const names = new Set(await store.keys());
  for (const [lesson, digests] of Object.entries(lessons)) {
    const file = `${lesson}.ipynb`;
    const known = copies[lesson];
    const step = bringUpToDate({
      lesson: digests,
      known,
      copy: await digestsOf(store, file),
      beside: known?.beside === undefined ? null : await digestsOf(store, known.beside),
    });
    if (step.did === "refreshed") await store.removeItem(file);
    if (step.did !== "offered") {
      copies[lesson] = step.record;
      done.push({ lesson, did: step.did, file });
      continue;
    }
    const content = await fetchLesson(lesson);
    const taken = (name: string) => names.has(name);
    const beside = step.replaces && known?.beside ? known.beside : freeName(`${lesson}.new`, taken);
    await store.setItem(beside, notebookItem(beside, content));
    copies[lesson] = { ...step.record, beside };
    done.push({ lesson, did: "offered", file: beside });
  }
  return done;
}

/** A notebook as JupyterLite's drive stores it. */
export function notebookItem(path: string, content: unknown): object {
  const now = new Date().toISOString();
  const size = new TextEncoder().encode(JSON.stringify(content)).length;
  const kind = { type: "notebook", format: "json", mimetype: "application/json", writable: true };
  return { name: path.split("/").at(-1), path, created: now, last_modified: now, size, content, ...kind };
}
