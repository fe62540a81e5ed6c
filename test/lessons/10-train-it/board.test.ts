import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  addToBoard,
  differingChoices,
  meanBits,
  readBoard,
  type BoardLine,
} from "../../../lib/lessons/10-train-it/board";
import { temporaryFolder } from "../../support/folder";
import { CHOICES } from "./small-plan";

const folder = temporaryFolder();

const line = (id: string, novel = 3): BoardLine => ({
  id,
  ended: "2026-03-01T10:00:00.000Z",
  choices: CHOICES,
  steps: 12,
  costs: { total: 9, active: 5, module: 1, cacheBytes: 64, tokens: 288, flops: 1e6 },
  bitsPerByte: { novel, speeches: 2, code: 4, arithmetic: 1 },
  mtpBitsPerByte: null,
});

describe("the board", () => {
  it("is empty where nothing was trained", () => {
    expect(readBoard(folder("none"))).toEqual({ lines: [], damaged: 0 });
  });

  it("has a line for each run, in their order, and only ever grows at its end", () => {
    const root = folder("runs");
    const texts = ["a", "b", "c"].map((id) => {
      expect(addToBoard(line(id), root)).toBe(true);
      return readFileSync(path.join(root, "runs.jsonl"), "utf8");
    });
    expect(texts[2].startsWith(texts[1]) && texts[1].startsWith(texts[0])).toBe(true);
    expect(readBoard(root)).toEqual({ lines: ["a", "b", "c"].map((id) => line(id)), damaged: 0 });
    expect(readdirSync(root)).toEqual(["runs.jsonl"]); // nothing is left aside
  });

  it("has no run twice", () => {
    const root = folder("twice");
    addToBoard(line("a"), root);
    expect(addToBoard(line("a", 5), root)).toBe(false);
    expect(readBoard(root).lines).toEqual([line("a")]);
  });

  it("passes over what is damaged, counts it, and keeps it when a run is added", () => {
    const root = folder("damaged");
    addToBoard(line("a"), root);
    const file = path.join(root, "runs.jsonl");
    appendFileSync(file, '[1]\nnull\n{"id": "b"}\n{"id": "c", "bitsPer'); // and no end of line
    expect(readBoard(root)).toEqual({ lines: [line("a")], damaged: 4 });
    const before = readFileSync(file, "utf8");
    addToBoard(line("d"), root);
    expect(readFileSync(file, "utf8").startsWith(before)).toBe(true);
    expect(readBoard(root)).toEqual({ lines: [line("a"), line("d")], damaged: 4 });
  });

  it("reads what an editor has left: other ends of lines, blank ones", () => {
    const root = folder("edited");
    addToBoard(line("a"), root);
    const file = path.join(root, "runs.jsonl");
    writeFileSync(file, `\r\n${readFileSync(file, "utf8").trim()}\r\n\r\n`);
    expect(readBoard(root)).toEqual({ lines: [line("a")], damaged: 0 });
  });

  it("says what sets runs apart", () => {
    expect(meanBits(line("a"))).toBe(2.5);
    expect(differingChoices(CHOICES, CHOICES)).toBe("");
    expect(differingChoices({ ...CHOICES, active: 4, policy: "fp8" }, CHOICES)).toBe("active 4, policy fp8");
  });
});
