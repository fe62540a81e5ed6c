/** What lessons write in a tab is kept: the worker's half (written.ts) and the page's (work-folder.ts), without a browser. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { host, putFile, removeFile, setTab } from "../../lib/host/browser";
import { guardStorage } from "../../tools/site/lab/extension/src/storage";
import { NotKept, WorkFolder, type Stored, type WorkDrive } from "../../tools/site/lab/extension/src/work-folder";
import type { FileChange } from "../../tools/site/worker/protocol";
import { Written } from "../../tools/site/worker/written";

/** A drive in the place of JupyterLite's, which refuses a file whose folder it does not know. */
function newDrive() {
  type Listener = Parameters<WorkDrive["fileChanged"]["connect"]>[0];
  const items = new Map<string, Stored>();
  const listeners = new Set<Listener>();
  const tell = (oldValue: { path: string } | null, newValue: { path: string } | null) =>
    listeners.forEach((listener) => listener(null, { oldValue, newValue }));
  let room = Infinity;
  let time = 0;
  const drive = {
    items,
    room: (most: number) => void (room = most),
    storage: Promise.resolve({
      keys: async () => [...items.keys()],
      getItem: async (path: string) => items.get(path) ?? null,
    }),
    checkpoints: Promise.resolve({ clear: async () => {} }),
    createCheckpoint: async () => ({ id: "0", last_modified: "" }),
    get: async (path: string) => items.get(path) ?? Promise.reject(new Error("404")),
    async save(path: string, options: object = {}): Promise<unknown> {
      const folder = path.replace(/\/?[^/]*$/, "");
      if (folder !== "" && items.get(folder)?.type !== "directory")
        throw new Error(`Directory does not exist: ${folder}`);
      const used = [...items].reduce(
        (sum, [at, { content }]) => sum + (at === path ? 0 : String(content ?? "").length),
        0,
      );
      const item = { ...options, last_modified: new Date(++time).toISOString() } as Stored;
      if (used + String(item.content ?? "").length > room) throw new DOMException("no room", "QuotaExceededError");
      items.set(path, item);
      tell(null, { path });
      return item;
    },
    async delete(path: string) {
      for (const one of [...items.keys()]) if (one === path || one.startsWith(`${path}/`)) items.delete(one);
      tell({ path }, null);
    },
    fileChanged: {
      connect: (listener: Listener) => listeners.add(listener),
      disconnect: (listener: Listener) => listeners.delete(listener),
    },
  };
  guardStorage(drive, () => {});
  return drive;
}

let sent: FileChange[][];
let written: Written;
beforeEach(() => {
  sent = [];
  written = new Written((changes) => void sent.push(changes));
  setTab({ changed: (path) => written.changed(path) });
});
afterEach(() => {
  setTab({ changed: null });
  host.remove("work");
});

const paths = (changes: FileChange[]) => changes.map(({ path, bytes }) => (bytes === null ? `${path} gone` : path));

describe("what lib writes", () => {
  it("is sent once a turn as it is then, what is there before what is gone; nothing that is aside or elsewhere", async () => {
    host.write("work/run/state-1/state.json", "1");
    written.flush();
    host.write("work/run/state-2.partial/numbers.bin", "n");
    host.write("work/run/state-2.partial/state.json", "2");
    host.move("work/run/state-2.partial", "work/run/state-2");
    host.remove("work/run/state-1");
    host.write("data/other", "x");
    await host.nextTurn();
    await host.nextTurn();
    expect(sent.map(paths)).toEqual([
      ["work/run/state-1/state.json"],
      ["work/run/state-2/numbers.bin", "work/run/state-2/state.json", "work/run/state-1/state.json gone"],
    ]);
    host.remove("data/other");
  });

  it("is sent again if it could not be kept, with what is in it by then", () => {
    host.write("work/a", "one");
    written.flush();
    written.again(["work/a"]);
    host.write("work/a", "two");
    host.write("work/b", "b");
    written.flush();
    expect(sent[1].map(({ path, bytes }) => [path, String.fromCharCode(...(bytes ?? []))])).toEqual([
      ["work/a", "two"],
      ["work/b", "b"],
    ]);
  });
});

describe("the folder work/ in the drive", () => {
  const text = (words: string) => new TextEncoder().encode(words);
  const change = (path: string, bytes: Uint8Array | null): FileChange => ({ path, bytes, changed: 1 });
  const numbers = Uint8Array.from({ length: 20_000 }, (_, i) => i % 256);

  it("holds text as text and anything else in base64, and gives a new kernel the same bytes", async () => {
    const drive = newDrive();
    const first = new WorkFolder(drive);
    await first.changes();
    await first.keep([change("work/my-model.ts", text("const größe = 1;")), change("work/run/a.bin", numbers)]);
    expect(drive.items.get("work/my-model.ts")).toMatchObject({
      type: "file",
      format: "text",
      content: "const größe = 1;",
    });
    expect(drive.items.get("work/run/a.bin")).toMatchObject({ type: "file", format: "base64" });
    expect(drive.items.get("work/run")).toMatchObject({ type: "directory" });
    expect(await first.changes()).toEqual([]); // its own are no news
    const found = await new WorkFolder(drive).changes();
    expect(found.map(({ path, bytes }) => [path, [...(bytes ?? [])]])).toEqual([
      ["work/my-model.ts", [...text("const größe = 1;")]],
      ["work/run/a.bin", [...numbers]],
    ]);
  });

  it("tells a kernel what others write, rename and remove there, and nothing of elsewhere", async () => {
    const drive = newDrive();
    const [kernel, other] = [new WorkFolder(drive), new WorkFolder(drive)];
    await other.keep([change("work/a", text("a")), change("work/run/b", text("b"))]);
    expect(paths(await kernel.changes())).toEqual(["work/a", "work/run/b"]);
    await drive.save("00.ipynb", { type: "notebook" });
    expect(await kernel.changes()).toEqual([]);
    await other.keep([change("work/a", text("new")), change("work/c", text("c"))]);
    await drive.delete("work/run");
    expect(paths(await kernel.changes())).toEqual(["work/a", "work/c", "work/run/b gone"]);
    kernel.dispose();
    await drive.delete("work/a");
    expect(await kernel.changes()).toEqual([]);
  });

  it("without room keeps what it has, says which file is in the kernel alone, and keeps it once there is room", async () => {
    const drive = newDrive();
    const kernel = new WorkFolder(drive);
    await kernel.keep([change("work/state-1", text("1"))]);
    drive.room(10);
    const changes = [change("work/state-2", numbers), change("work/state-3", text("3")), change("work/state-1", null)];
    const trouble = await kernel.keep(changes).catch((error: unknown) => error);
    expect(trouble).toBeInstanceOf(NotKept);
    expect(trouble).toMatchObject({
      name: "StorageFull",
      message: expect.stringMatching(
        /no room left to keep work\/state-2\. It is in the kernel's memory alone.*run the cell/,
      ),
      paths: ["work/state-2", "work/state-3", "work/state-1"],
    });
    expect([...drive.items.keys()]).toEqual(["work", "work/state-1"]);
    drive.room(1e6);
    await kernel.keep(changes);
    expect([...drive.items.keys()]).toEqual(["work", "work/state-2", "work/state-3"]);
  });
});

it("what the page puts into the kernel is not sent back", () => {
  putFile("work/a", { size: 0, changed: 1, bytes: () => new Uint8Array() });
  removeFile("work/a");
  written.flush();
  expect(sent).toEqual([]);
});
