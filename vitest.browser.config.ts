import { defineConfig } from "vitest/config";

/** The lessons in a real JupyterLab and a real browser: one server, one file after the other. */
export default defineConfig({
  test: {
    include: ["test/browser/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 180_000,
    fileParallelism: false,
    pool: "forks",
  },
});
