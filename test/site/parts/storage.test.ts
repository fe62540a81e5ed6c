/** What happens when the browser has no room left, with a drive in the place of JupyterLite's. */
import { describe, expect, it } from "vitest";
import { guardStorage } from "../../../tools/site/lab/extension/src/storage";
import { watchOtherTabs } from "../../../tools/site/lab/extension/src/other-tabs";

class Full extends Error {
  override name = "QuotaExceededError";
}

/** A drive with room for so many files and earlier states together. */
function drive(room: number) {
  const files = new Set<string>();
  const states: string[] = [];
  const put = (add: () => void) => {
    if (files.size + states.length >= room) throw new Full("the disk is full");
    add();
  };
  return {
    files,
    states,
    room: (more: number) => (room = more),
    save: async (path: string) => put(() => files.add(path)),
    createCheckpoint: async (path: string) => {
      put(() => states.push(path));
      return { id: "0", last_modified: "" };
    },
    checkpoints: Promise.resolve({ clear: async () => void (states.length = 0) }),
  };
}

describe("a drive whose storage is full", () => {
  it("gives up earlier states before it gives up a save", async () => {
    const full = drive(3);
    guardStorage(full, () => {});
    await full.save("a");
    await full.createCheckpoint("a");
    await full.createCheckpoint("a");
    await full.save("b");
    expect([...full.files]).toEqual(["a", "b"]);
    expect(full.states).toEqual([]);
  });

  it("says what to do when nothing helps, and saves again once there is room", async () => {
    const full = drive(0);
    guardStorage(full, () => {});
    await expect(full.save("a")).rejects.toThrow(/no room left to keep a\. It is not saved.*File, Download/);
    full.room(1);
    await full.save("a");
    expect([...full.files]).toEqual(["a"]);
  });

  it("is no reason to complain about an earlier state that can't be kept", async () => {
    const full = drive(0);
    guardStorage(full, () => {});
    await expect(full.createCheckpoint("a")).resolves.toMatchObject({ id: "0" });
  });

  it("leaves other errors as they are", async () => {
    const broken = { ...drive(1), save: () => Promise.reject(new Error("Directory does not exist")) };
    guardStorage(broken, () => {});
    await expect(broken.save()).rejects.toThrow("Directory does not exist");
  });
});

describe("tabs with one file", () => {
  type Channel = Parameters<typeof watchOtherTabs>[0];
  /** Channels that hear each other, and not themselves. */
  function channels(count: number): Channel[] {
    type Listener = Parameters<Channel["addEventListener"]>[1];
    const listeners: Listener[][] = Array.from({ length: count }, () => []);
    return listeners.map((own) => ({
      addEventListener: (_, listener) => void own.push(listener),
      postMessage: (data) =>
        listeners
          .filter((other) => other !== own)
          .flat()
          .forEach((listener) => listener({ data })),
    }));
  }

  it("both say so, and a third file's tab does not", () => {
    const told: string[] = [];
    const open = [new Set<string>(), new Set<string>(), new Set(["c"])];
    const opened = channels(3).map((channel, tab) =>
      watchOtherTabs(
        channel,
        (path) => open[tab].has(path),
        (path) => told.push(`${tab} ${path}`),
      ),
    );
    open[0].add("a");
    opened[0]("a");
    expect(told).toEqual([]);
    open[1].add("a");
    opened[1]("a");
    expect(told.sort()).toEqual(["0 a", "1 a"]);
  });
});
