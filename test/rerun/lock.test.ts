/** Two runs that would write the same notebook. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import { describe, expect, it } from "vitest";
import { lockOf, whileLocked } from "../../tools/course/rerun/lock";
import { temporaryFolder } from "../support/folder";

const folder = temporaryFolder();

describe("a notebook that is being written", () => {
  it("is refused to a second run, which is told by whom; and free afterwards", async () => {
    const out = folder("sweep.ipynb");
    await whileLocked(out, async () => {
      await expect(whileLocked(out, async () => {})).rejects.toThrow(
        new RegExp(
          `^process ${process.pid} on ${os.hostname()}, since .* is writing .*sweep.ipynb: wait for it, or give`,
        ),
      );
      expect(fs.existsSync(lockOf(out))).toBe(true);
    });
    expect(fs.existsSync(lockOf(out))).toBe(false);
    expect(await whileLocked(out, async () => 3)).toBe(3);
  });

  it("is free after a run that failed", async () => {
    const out = folder("sweep.ipynb");
    await expect(whileLocked(out, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await whileLocked(out, async () => 3)).toBe(3);
  });

  const holder = (pid: number, host = os.hostname()) => JSON.stringify({ pid, host, since: "2026-11-03" });
  const { pid } = spawnSync(process.execPath, ["--version"]); // of a process that is gone

  it("is taken over from a process that was killed", async () => {
    const out = folder("sweep.ipynb");
    fs.writeFileSync(lockOf(out), holder(pid));
    expect(await whileLocked(out, async () => 3)).toBe(3);
  });

  it.each([
    ["another machine", holder(pid, "elsewhere"), "process .* on elsewhere"],
    ["somebody who is writing it", "", "another run"],
  ])("is not taken over from %s", async (_, text, who) => {
    const out = folder("sweep.ipynb");
    fs.writeFileSync(lockOf(out), text);
    await expect(whileLocked(out, async () => 3)).rejects.toThrow(
      new RegExp(`^${who}.* is writing .*delete .*sweep.lock`),
    );
    expect(fs.readFileSync(lockOf(out), "utf8")).toBe(text);
  });
});
