import { defineConfig } from "vitest/config";

// Programs compiled for a GPU, or for the software driver that stands in for one: slow to compile, so no hurry.
export default defineConfig({
  test: {
    include: ["test/webgpu/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 60_000,
    pool: "forks",
    poolOptions: { forks: { maxForks: 2 } },
  },
});
