/** The learner's copies in the browser, with a map in the place of its storage. */
import { beforeEach, describe, expect, it } from "vitest";
import { sourcesOf, type Copies } from "../../../tools/setup/copies.mjs";
import {
  notebookItem,
  syncCopies,
  type Done,
  type Lessons,
  type Store,
} from "../../../tools/site/lab/extension/src/copies";
import { fingerprint } from "../../../tools/site/lab/fingerprint.mjs";

const LESSON = "01-x";
const FILE = `${LESSON}.ipynb`;
const NEW = `${LESSON}.new.ipynb`;

interface Item {
  content: { cells: object[] };
  last_modified: string;
}

const notebook = (text: string, outputs: object[] = []) => ({
  cells: [{ cell_type: "code", source: text, outputs, execution_count: null, metadata: {} }],
});

describe("the learner's copies in the browser", () => {
  let items: Map<string, Item>;
  let copies: Copies;
  let site: ReturnType<typeof notebook>;
  let store: Store;
  beforeEach(() => {
    items = new Map();
    copies = {};
    site = notebook("first");
    store = {
      getItem: async (path) => items.get(path) ?? null,
      setItem: async (path, item) => items.set(path, item as Item),
      removeItem: async (path) => void items.delete(path),
      keys: async () => [...items.keys()],
    };
  });

  const lessons = (): Lessons => ({
    [LESSON]: { sources: fingerprint(sourcesOf(site)), file: fingerprint(JSON.stringify(site)) },
  });
  const visit = (): Promise<Done[]> => syncCopies(store, copies, { lessons: lessons(), fetchLesson: async () => site });
  const did = async () => (await visit()).map((one) => [one.did, one.file]);
  /** What JupyterLite stores when a notebook is saved. */
  const save = (text: string, path = FILE) =>
    items.set(path, notebookItem(path, notebook(text, [{ output_type: "stream", text: "ran" }])) as Item);
  const text = (path: string) => (items.get(path)?.content.cells[0] as { source: string } | undefined)?.source;

  it("are none until something is saved", async () => {
    expect(await did()).toEqual([["copied", FILE]]);
    expect(items.size).toBe(0);
  });

  it("that were run and saved are no changed ones, and give way to a new version", async () => {
    await visit();
    save("first");
    expect(await did()).toEqual([["nothing", FILE]]);
    expect(text(FILE)).toBe("first");
    site = notebook("second");
    expect(await did()).toEqual([["refreshed", FILE]]);
    expect(items.size).toBe(0);
  });

  it("that were changed stay, and the new version lies beside them, once", async () => {
    await visit();
    save("mine");
    site = notebook("second");
    expect(await did()).toEqual([["offered", NEW]]);
    expect([text(FILE), text(NEW)]).toEqual(["mine", "second"]);
    items.delete(NEW);
    expect(await did()).toEqual([["nothing", FILE]]);
    expect(items.has(NEW)).toBe(false);
  });

  it("make room for a third version in the place of an untouched second, and of no other", async () => {
    await visit();
    save("mine");
    site = notebook("second");
    await visit();
    site = notebook("third");
    expect(await did()).toEqual([["offered", NEW]]);
    expect(text(NEW)).toBe("third");
    save("mine too", NEW);
    site = notebook("fourth");
    expect(await did()).toEqual([["offered", `${LESSON}.new-2.ipynb`]]);
    expect([text(FILE), text(NEW)]).toEqual(["mine", "mine too"]);
  });

  it("are the learner's where what was remembered is lost", async () => {
    save("first");
    site = notebook("second");
    expect(await did()).toEqual([["offered", NEW]]);
    expect(text(FILE)).toBe("first");
  });

  it("never lose what a learner wrote, whatever order things happen in", async () => {
    // Every sequence of five of these: each text that the learner saved must still stand in some file.
    const actions = [
      async () => void (await visit()),
      async (step: number) => void (site = notebook(`version ${step}`)),
      async (step: number) => void save(`mine ${step}`),
      async (step: number) => void (items.has(NEW) && save(`mine ${step}`, NEW)),
      async () => void save((site.cells[0] as { source: string }).source), // run and saved, not changed
      async () => void (copies = {}),
    ];
    for (let sequence = 0; sequence < actions.length ** 5; sequence++) {
      items.clear();
      copies = {};
      site = notebook("version 0");
      await visit();
      for (let step = 0, rest = sequence; step < 5; step++, rest = Math.floor(rest / actions.length)) {
        const before = [...items.keys()].map(text);
        const action = rest % actions.length;
        await actions[action](step);
        if (action > 0) continue; // only what we do may lose nothing; a learner may write over their own
        const after = [...items.keys()].map(text);
        const lost = before.filter((one) => one?.startsWith("mine") && !after.includes(one));
        expect(lost, `sequence ${sequence}, step ${step}`).toEqual([]);
      }
    }
  });
});

it("a fingerprint tells texts apart", () => {
  const texts = Array.from({ length: 20_000 }, (_, i) => `text ${i}`);
  expect(new Set(texts.map(fingerprint)).size).toBe(texts.length);
  expect(fingerprint("a")).toMatch(/^[0-9a-f]{14}$/);
});
