/** Node and a browser tab give lib the same: every test here runs on both. */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { guard, host as browser, putFile, removeFile, setTab } from "../../lib/host/browser";
import type { Host } from "../../lib/host/host";
import { host as node } from "../../lib/host/node";
import { temporaryFolder } from "../support/folder";

const newFolder = temporaryFolder();

/** The same files on both: for Node on disk, for the browser on the shelf. */
const FILES: Record<string, Uint8Array> = {
  "data/facts.json": new TextEncoder().encode('{"π": 3.14159}'),
  "data/numbers.bin": Uint8Array.from({ length: 1000 }, (_, i) => i % 251),
  "lib/model/router.ts": new TextEncoder().encode("export const one = 1;\n"),
};

let folder: string;
beforeEach(() => {
  folder = newFolder().replaceAll(path.sep, "/");
  for (const [name, bytes] of Object.entries(FILES)) {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, bytes);
    putFile(`${folder}/${name}`, { size: bytes.length, changed: fs.statSync(file).mtimeMs, bytes: () => bytes });
  }
});

const codeOf = (call: () => unknown): unknown => {
  try {
    call();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return "no error";
};

const HOSTS: [string, Host][] = [
  ["Node", node],
  ["a browser", browser],
];

describe.each(HOSTS)("files in %s", (_, host) => {
  it("are read whole, as text and in parts", () => {
    expect(JSON.parse(host.readText(`${folder}/data/facts.json`))).toEqual({ π: 3.14159 });
    expect([...host.readBytes(`${folder}/data/numbers.bin`)]).toEqual([...FILES["data/numbers.bin"]]);
    const part = host.readRange(`${folder}/data/numbers.bin`, 10, 4);
    expect([...part]).toEqual([10, 11, 12, 13]);
    expect([part.byteOffset, part.buffer.byteLength]).toEqual([0, 4]);
    expect(host.readRange(`${folder}/data/numbers.bin`, 990, 100)).toHaveLength(10);
  });

  it("stay as they are when a reader changes what it got", () => {
    const file = `${folder}/data/numbers.bin`;
    host.readBytes(file).fill(7);
    host.readRange(file, 0, 10).fill(7);
    expect(host.readBytes(file)[3]).toBe(3);
  });

  it("are found, with their size, their age and their folders", () => {
    const { size, mtimeMs } = fs.statSync(path.join(folder, "data/numbers.bin"));
    expect(host.look(`${folder}/data/numbers.bin`)).toEqual({ kind: "file", size, changed: mtimeMs });
    expect(host.look(`${folder}/lib/../lib/model`)?.kind).toBe("folder");
    expect(host.look(`${folder}/lib/nothing`)).toBeNull();
    expect(host.list(`${folder}/data`)).toEqual(["facts.json", "numbers.bin"]);
    expect(host.list(folder)).toEqual(["data", "lib"]);
  });

  it("that are not there are told with the system's code", () => {
    for (const call of [host.readText, host.readBytes, host.list, (file: string) => host.readRange(file, 0, 1)])
      expect(codeOf(() => call(`${folder}/nothing`))).toBe("ENOENT");
    expect(codeOf(() => host.readText(`${folder}/data`))).toBe("EISDIR");
  });
});

describe.each(HOSTS)("writing in %s", (_, host) => {
  it("makes the folders above, replaces what was there, and keeps its own copy of the bytes", () => {
    const [file, other] = [`${folder}/new/deep/a.ts`, `${folder}/new/b.ts`];
    host.write(file, "one");
    const bytes = Uint8Array.of(1, 2);
    host.write(other, bytes);
    bytes.fill(9);
    expect([host.readText(file), [...host.readBytes(other)]]).toEqual(["one", [1, 2]]);
    host.move(file, other);
    expect([host.look(file), host.readText(other), host.list(`${folder}/new`)]).toEqual([
      null,
      "one",
      ["b.ts", "deep"],
    ]);
  });

  it("says what is in the way", () => {
    expect(codeOf(() => host.write(`${folder}/data`, "x"))).toBe("EISDIR");
    expect(codeOf(() => host.create(`${folder}/data`))).toBe("EISDIR");
    expect(codeOf(() => host.move(`${folder}/nothing`, `${folder}/x`))).toBe("ENOENT");
    expect(codeOf(() => host.move(`${folder}/lib`, `${folder}/data`))).toBe("ENOTEMPTY");
    expect(host.list(folder)).toEqual(["data", "lib"]);
  });

  it("piece by piece gives one file, and keeps its own copy of each piece", () => {
    const file = `${folder}/new/pieces.bin`;
    const writing = host.create(file);
    const piece = Uint8Array.of(1, 2);
    writing.write(piece);
    piece.fill(9);
    writing.write(new Uint8Array());
    writing.write(piece);
    writing.close({ sync: true });
    host.sync(file);
    host.sync(`${folder}/new`);
    expect([...host.readBytes(file)]).toEqual([1, 2, 9, 9]);
    host.create(file).close();
    expect(host.look(file)).toMatchObject({ kind: "file", size: 0 });
  });

  it("gives a folder another name, with all that is in it", () => {
    host.write(`${folder}/run/state.partial/deep/a`, "a");
    host.write(`${folder}/run/state.partial/b`, "b");
    host.move(`${folder}/run/state.partial`, `${folder}/run/state`);
    expect([host.list(`${folder}/run`), host.list(`${folder}/run/state`)]).toEqual([["state"], ["b", "deep"]]);
    expect(host.readText(`${folder}/run/state/deep/a`)).toBe("a");
    expect(host.look(`${folder}/run/state.partial/b`)).toBeNull();
  });

  it("removes a file, a folder with all that is in it, and minds nothing that is not there", () => {
    for (const name of ["lib/model", "data/facts.json", "nothing"]) host.remove(`${folder}/${name}`);
    expect([host.list(folder), host.list(`${folder}/lib`), host.list(`${folder}/data`)]).toEqual([
      ["data", "lib"],
      [],
      ["numbers.bin"],
    ]);
    expect(codeOf(() => host.readText(`${folder}/lib/model/router.ts`))).toBe("ENOENT");
  });
});

describe("a browser", () => {
  let told: string[];
  beforeEach(() => {
    told = [];
    setTab({ changed: (path) => void told.push(path) });
  });
  afterEach(() => setTab({ changed: null }));

  it("tells of each file that is written or removed, in this order", () => {
    browser.write("work/a.ts", "a");
    const writing = browser.create("work/run.partial/b.bin");
    expect(told).toEqual(["work/a.ts"]);
    writing.close();
    browser.move("work/run.partial", "work/run");
    browser.remove("work");
    expect(told).toEqual([
      "work/a.ts",
      "work/run.partial/b.bin",
      ...["work/run/b.bin", "work/run.partial/b.bin"],
      ...["work/a.ts", "work/run/b.bin"],
    ]);
  });

  it("does not tell of what the kernel itself puts there", () => {
    putFile("work/one.ts", { size: 0, changed: 1, bytes: () => new Uint8Array() });
    removeFile("work/one.ts");
    expect(told).toEqual([]);
  });
});

it("a file of the browser can be taken away", () => {
  putFile("work/one.ipynb", { size: 0, changed: 1, bytes: () => new Uint8Array() });
  expect(browser.list("work")).toEqual(["one.ipynb"]);
  removeFile("work/one.ipynb");
  expect([browser.look("work/one.ipynb"), browser.list("work")]).toEqual([null, []]);
});

describe("names of files", () => {
  const both = <T>(use: (host: Host) => T) => expect(use(browser)).toEqual(use(node));

  it.each([
    ["a", "b.ts"],
    ["a/", "../b"],
    ["", "a"],
    [".", "..", "x"],
    ["/a/b", "../../../c"],
    ["a//b", "./c/"],
  ])("are joined the same way: %j", (...parts) => both((host) => host.paths.join(...parts)));

  it.each(["", ".", "a/../..", "../a/./b/", "/../a", "a//b", "/", "./"])("are normalised the same way: %j", (file) => {
    both((host) => host.paths.normalize(file));
    both((host) => host.paths.isAbsolute(file));
  });

  it.each(["a/b/c.ipynb", "c.ipynb", "/c", "/", "a/b/", "."])("are taken apart the same way: %j", (file) => {
    both((host) => host.paths.dirname(file));
    both((host) => host.paths.basename(file, ".ipynb"));
  });

  it.each([
    ["work", "lib/model/router.ts"],
    [".", "notebooks/solutions/01.ipynb"],
    ["notebooks/solutions", "lib/x.ts"],
    ["work", "work"],
  ])("lead from %j to %j the same way", (from, to) => both((host) => host.paths.relative(from, to)));
});

describe.each(HOSTS)("hashes in %s", (_, host) => {
  it.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 1000])("of %d bytes are sha256's", (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 31) % 256);
    expect(host.hash().update(bytes).digest()).toBe(createHash("sha256").update(bytes).digest("hex"));
  });

  it("do not depend on the pieces that they are fed with", () => {
    const expected = createHash("sha256").update("eins, zwei, drölf".repeat(20)).digest("hex");
    const hash = host.hash();
    for (const letter of "eins, zwei, drölf".repeat(20)) hash.update(letter);
    expect(hash.digest()).toBe(expected);
  });

  it("base64 is of a text's UTF-8, however long", () => {
    const text = "größer als 4096 Bytes ".repeat(500);
    expect(host.base64(text)).toBe(Buffer.from(text).toString("base64"));
  });

  it("random ids differ", () => {
    expect(host.randomId()).not.toBe(host.randomId());
  });
});

/** A loop as the kernel of the tab compiles one in a cell; Node's needs no guard. */
function forever(): never {
  for (;;) guard();
}

describe.each(HOSTS)("time limits in %s", (_, host) => {
  it("give back what a call returns, and what it throws", () => {
    expect(host.limited(1000, () => 7)).toEqual({ value: 7 });
    expect(() =>
      host.limited(1000, () => {
        throw new RangeError("own");
      }),
    ).toThrow(RangeError);
  });

  it("end a loop that never ends, also within another limit, and leave what follows alone", () => {
    expect(host.limited(50, forever)).toBeNull();
    const inner = host.limited(5000, () => host.limited(50, forever));
    expect(inner).toEqual({ value: null });
    expect(host.limited(1000, () => (guard(), "on"))).toEqual({ value: "on" });
    guard(); // outside of any limit: nothing to end
  });

  it("let in what waits", async () => {
    let heard = false;
    setImmediate(() => (heard = true));
    await host.nextTurn();
    await host.nextTurn();
    expect(heard).toBe(true);
  });
});

it("in a browser, a loop after the first await is ended too", async () => {
  const called = browser.limited(50, async () => {
    await null;
    forever();
  });
  const error = await (called?.value as Promise<never>).catch((thrown: unknown) => thrown);
  expect(browser.isTimeUp(error)).toBe(true);
  guard();
});
