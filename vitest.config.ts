import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/kernel/**", "test/webgpu/**", "test/browser/**", "test/tools/**", "test/teaching/**", "node_modules/**"],
    testTimeout: 60_000,
    pool: "forks",
  },
});
