import { defineConfig } from "vitest/config";

// The kernel's tests start real kernels; tools/kernel-nodes.mjs runs them with other versions of Node.
export default defineConfig({
  test: {
    include: ["test/kernel/**/*.test.ts"],
    testTimeout: 60_000,
    pool: "forks",
    poolOptions: { forks: { maxForks: 2 } },
  },
});
