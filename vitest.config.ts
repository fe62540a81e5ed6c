import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What one step of npm test runs: `npx vitest run --project NAME`. */
interface Project {
  name: string;
  include: string[];
  /** Whether files share a process: a start, and loading tfjs and lib, would cost more than most files' tests. */
  shared?: boolean;
  exclude?: string[];
  testTimeout: number;
  hookTimeout?: number;
  /** What runs before the first file and after the last. */
  globalSetup?: string;
  /** What runs in each process before each file. */
  setupFiles?: string[];
  /** Test files at the same time. */
  atATime: number;
}

/** The step unit: lib, the commands, and the notebook build. */
const UNIT = {
  setupFiles: ["test/support/between-tests.ts"],
  testTimeout: 240_000,
  hookTimeout: 240_000,
  atATime: availableParallelism(), // vitest's own choice is one fewer: of two cores, one
};

/**
 * Its files that change what a whole process shares (the environment, console, the folder, tfjs's kernels), start
 * processes and threads, or count memory: each has a process of its own.
 */
const APART = [
  "test/{commands,host,rerun}/*.test.ts",
  "test/build/{changes,execute}.test.ts",
  "test/{claims/audit,lessons/spans,lessons/10-train-it/my-run}.test.ts",
  "test/notebook/{display,line-endings,progress,source}.test.ts",
  "test/notebook/exercise/{announced,check,mishaps,progress,standing}.test.ts",
  "test/site/parts/{as-built,copies}.test.ts",
  "test/tensor/{backend,plain-wasm,print}.test.ts",
  "test/tensor/wasm/{batch-matmul,matmul,slice}.test.ts",
  "test/training/{replicas,run-state}.test.ts",
];

const PROJECTS: Project[] = [
  {
    name: "unit",
    include: ["test/**/*.test.ts"],
    exclude: ["test/{kernel,setup,browser,webgpu,teaching}/**", "test/site/*.test.ts", ...APART],
    shared: true,
    ...UNIT,
  },
  { name: "apart", include: APART, ...UNIT },
  {
    name: "kernel", // real kernels; test/kernel/nodes.mjs runs them with other versions of Node
    include: ["test/kernel/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    atATime: 2,
  },
  {
    name: "setup", // processes and servers: one file after the other, so that they don't wait for each other's
    include: ["test/setup/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    atATime: 1,
  },
  {
    name: "browser", // the lessons in a real JupyterLab, which all files share, and in a real browser
    include: ["test/browser/**/*.test.ts"],
    globalSetup: "test/browser/shared-lab.ts",
    testTimeout: 900_000,
    hookTimeout: 300_000,
    atATime: 2,
  },
  {
    name: "webgpu", // programs compiled for a GPU, or for the software driver that stands in for one: slow to compile
    include: ["test/webgpu/**/*.test.ts"],
    testTimeout: 600_000,
    hookTimeout: 300_000,
    atATime: 2,
  },
  {
    name: "site", // the course in a browser tab: the built site, which all files share, and real browsers
    include: ["test/site/*.test.ts"],
    globalSetup: "test/site/shared-site.ts",
    testTimeout: 600_000,
    hookTimeout: 600_000,
    atATime: 2,
  },
  {
    name: "teaching", // real graders, real runs of lessons: each takes all cores
    include: ["test/teaching/**/*.test.ts"],
    testTimeout: 900_000,
    hookTimeout: 1_800_000,
    atATime: 1,
  },
];

/**
 * What a test polls for comes when the machine gets to it: vitest's one second is too little where much else runs. All
 * limits are for a machine that is ten times as slow as a quiet one: they end what hangs, and judge no speed.
 */
const EXPECT = { poll: { timeout: 60_000 } };

/** Files that take minutes, the slowest first: one of them that begins last would keep all but one core waiting. */
const SLOW = [
  "browser/lesson-02",
  "browser/lesson-05",
  "browser/lesson-10",
  "browser/lesson-01",
  "browser/lesson-08",
  "browser/lesson-09",
  "browser/lesson-03",
  "site/work",
  "site/lesson-in-a-tab",
  "site/lessons",
  "site/read-pages",
  "commands/pretrain",
  "lessons/09-build-it/assembly",
];

/** As vitest has it, but for the slow ones. */
class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = SLOW.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return at < 0 ? SLOW.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

const asked = [...process.argv.join(" ").matchAll(/--project[= ](\S+)/g)].map(([, name]) => name);
const projects = PROJECTS.filter(({ name }) => asked.length === 0 || asked.includes(name));
/** For all projects of a run alike: files share a process where all that is asked for do. */
const isolate = !projects.every(({ shared }) => shared);
/** Steps run beside each other, the kernel's with two versions of Node: each run keeps its records for itself. */
const run = [...projects.map(({ name }) => name), process.env.COURSE_KERNEL_NODE && "nodes"].filter(Boolean).join("-");

export default defineConfig({
  cacheDir: `node_modules/.vite/${run}`,
  test: {
    pool: "forks",
    poolOptions: { forks: { isolate } },
    // Vitest reads the number of processes from the root alone, so it is the least that these projects allow.
    maxWorkers: Math.min(...projects.map(({ atATime }) => atATime)),
    sequence: { sequencer: SlowFirst },
    projects: PROJECTS.map(({ atATime: _, shared: __, ...test }) => ({
      test: { pool: "forks" as const, poolOptions: { forks: { isolate } }, expect: EXPECT, ...test },
    })),
  },
});
