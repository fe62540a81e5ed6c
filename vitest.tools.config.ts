import { defineConfig } from "vitest/config";

// The set-up's tests start processes and servers: one file at a time, so that they don't wait for each other's.
export default defineConfig({
  test: {
    include: ["test/tools/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: "forks",
    fileParallelism: false,
  },
});
