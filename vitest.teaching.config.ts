import { defineConfig } from "vitest/config";

/** Real graders, real runs of lessons, a real hub: each takes all cores, so one file after the other. */
export default defineConfig({
  test: {
    include: ["test/teaching/**/*.test.ts"],
    testTimeout: 600_000,
    hookTimeout: 1_800_000,
    fileParallelism: false,
    pool: "forks",
  },
});
