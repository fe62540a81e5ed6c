// How a kernel ends: when it is asked to, and when those who could have asked are gone.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { expect, it } from "vitest";
import { KERNEL_NODE, KernelClient, type KernelKind } from "./client";
import { onThisNode, Project, withKernel } from "./project";

/** Starts its arguments as a child, and waits to be killed. */
const PARENT = `
  const [command, ...args] = process.argv.slice(1);
  require("node:child_process").spawn(command, args, { stdio: "ignore", detached: true });
  setInterval(() => {}, 1000);
`;

function launchBelowParent(command: string[], cwd: string): ChildProcess {
  return spawn(process.execPath, ["-e", PARENT, "--", ...command], { cwd, stdio: ["ignore", "ignore", "inherit"] });
}

/** Whether a kernel lives on after its parent was killed, while it runs a cell or nothing: for 4 s, ours for a minute. */
async function becomesOrphan(kind: KernelKind, endlessCell: boolean): Promise<boolean> {
  const project = new Project();
  const client = await KernelClient.start(kind, project.root, project.root, launchBelowParent);
  const pid = Number((await client.execute(`console.log(process.pid);`)).stdout);
  try {
    if (endlessCell) {
      await new Promise((started) => client.execute(`console.log(1);\nfor (;;);`, { onOutput: started }));
    }
    client.process.kill("SIGKILL");
    for (let waited = 0; waited < (kind === "ours" ? 60_000 : 4000); waited += 100) {
      if (!isAlive(pid)) return false;
      await new Promise((done) => setTimeout(done, 100));
    }
    return true;
  } finally {
    if (isAlive(pid)) process.kill(pid, "SIGKILL");
    await client.close();
    project.remove();
  }
}

it("a kernel whose parent was killed ends by itself", async () => {
  expect(await becomesOrphan("ours", false)).toBe(false);
});

onThisNode("tslab as it comes fails: a kernel whose parent was killed ends by itself", async () => {
  expect(await becomesOrphan("stock", false)).toBe(true);
});

it("a kernel whose parent was killed ends even in an endless loop", async () => {
  expect(await becomesOrphan("ours", true)).toBe(false);
});

it("the kernel runs on the Node that was asked for", async () => {
  const printed = await withKernel("ours", (kernel) => kernel.execute("console.log(process.version);"));
  expect(printed.stdout).toBe(execFileSync(KERNEL_NODE, ["--version"], { encoding: "utf8" }));
});

it("a kernel that is asked to shut down ends", async () => {
  expect(await withKernel("ours", (kernel) => kernel.shutdown())).toBe(true);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
