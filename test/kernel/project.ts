// A project of a few files in a temporary folder, with this project's kernel start and packages: what a test changes
// there touches no file of the course. And `trap`, which holds one probe against both kernels: the stock one must show
// the trap, or the test no longer guards anything, and ours must not.
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, expect, it } from "vitest";
import { KernelClient, type KernelKind } from "./client";

/** Registers what is asked on this Node alone: that tslab needs the mend does not depend on the version. */
export const onThisNode = it.skipIf(process.env.COURSE_KERNEL_NODE !== undefined);

export class Project {
  readonly root: string;

  /** @param name what its folder's name begins with */
  constructor(name = "kernel-project-") {
    this.root = realpathSync(mkdtempSync(join(tmpdir(), name)));
    cpSync("tools/kernel", join(this.root, "tools/kernel"), { recursive: true });
    symlinkSync(resolve("node_modules"), join(this.root, "node_modules"), "junction");
  }

  /** Writes a file, for example lib/helper.ts. */
  write(name: string, text: string): void {
    const file = join(this.root, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/**
 * Runs a probe with a fresh kernel on a fresh project.
 *
 * @param folder where Jupyter would start the kernel, relative to the project
 */
export async function withKernel<T>(
  kind: KernelKind,
  probe: (kernel: KernelClient, project: Project) => Promise<T>,
  folder = ".",
): Promise<T> {
  const project = new Project();
  try {
    mkdirSync(join(project.root, folder), { recursive: true });
    const kernel = await KernelClient.start(kind, project.root, join(project.root, folder));
    try {
      return await probe(kernel, project);
    } finally {
      await kernel.close();
    }
  } finally {
    project.remove();
  }
}

/** Waits until a kernel skips no cells: after an error tslab does, with what comes within 200 ms of its own time. */
export async function untilHeard(kernel: KernelClient): Promise<void> {
  while ((await kernel.execute("void 0;")).status === "abort") await new Promise((done) => setTimeout(done, 250));
}

/** The kernels that the traps of one test file share, each with its project: a start takes longer than most probes. */
const shared = new Map<KernelKind, { kernel: KernelClient; project: Project }>();

afterAll(async () => {
  for (const { kernel, project } of shared.values()) {
    await kernel.close();
    project.remove();
  }
});

/** Runs a probe with this test file's own kernel of a kind. Its lib files need names of their own. */
export async function withSharedKernel<T>(
  kind: KernelKind,
  probe: (kernel: KernelClient, project: Project) => Promise<T>,
): Promise<T> {
  let entry = shared.get(kind);
  if (!entry) {
    const project = new Project();
    entry = { project, kernel: await KernelClient.start(kind, project.root) };
    shared.set(kind, entry);
  }
  if (kind === "stock") await untilHeard(entry.kernel);
  return probe(entry.kernel, entry.project);
}

/**
 * Registers two tests of one probe.
 *
 * @param name what ours does, as a sentence
 * @param expected what the probe returns with each kernel
 * @param use withKernel for a probe after which a kernel is of no more use
 */
export function trap<T>(
  name: string,
  expected: { ours: T; stock: T },
  probe: (kernel: KernelClient, project: Project) => Promise<T>,
  use: typeof withSharedKernel = withSharedKernel,
): void {
  it(name, async () => {
    expect(await use("ours", probe)).toEqual(expected.ours);
  });
  onThisNode(`tslab as it comes fails: ${name}`, async () => {
    expect(await use("stock", probe)).toEqual(expected.stock);
  });
}
