import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useBackend } from "../../lib/tensor/backend";
import { groupedMatMul } from "../../lib/tensor/grouped-matmul";
import type { WasmBackend } from "../../lib/tensor/wasm/kernels";
import { expectClose, expectNoLeak } from "../support/close";
import { temporaryFolder } from "../support/folder";

// Node looks for the package webgpu from the current folder: one without node_modules stands for "not installed".
const newFolder = temporaryFolder();

beforeEach(() => {
  vi.spyOn(process, "cwd").mockReturnValue(newFolder());
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.resetModules();
});

describe("useBackend", () => {
  it("takes no GPU where Node would have to read from it without await", async () => {
    const report = await useBackend();
    expect(report.name).toBe("wasm");
    expect(report.reason).toBe(
      "no webgpu: Node reads a GPU's results with await only; compiled code on one core of the processor",
    );
  });

  it("takes wasm where there is no GPU, and says why", async () => {
    const report = await useBackend("auto", { readsLater: true });
    expect(tf.getBackend()).toBe("wasm");
    expect(report.name).toBe("wasm");
    expect(report.reason).toBe(
      "no webgpu: the package is not installed (npm run webgpu installs it); compiled code on one core of the processor",
    );
    expect(`${report}`).toBe(`wasm (${report.reason})`);
  });

  it.each(["wasm", "cpu"] as const)("takes %s when asked for it", async (name) => {
    expect(`${await useBackend(name)}`).toBe(`${name} (as asked)`);
    expect(tf.getBackend()).toBe(name);
  });

  it("says how to get webgpu when it is asked for and not installed, and leaves the backend that was in use", async () => {
    await useBackend("wasm");
    await expect(useBackend("webgpu")).rejects.toThrow(
      "useBackend: webgpu cannot be used here: the package is not installed (npm run webgpu installs it)",
    );
    expect(tf.getBackend()).toBe("wasm");
  });

  it("goes on with cpu where wasm does not start either", async () => {
    const setBackend = tf.setBackend.bind(tf);
    vi.spyOn(tf.engine(), "setBackend").mockImplementationOnce(() => Promise.reject(new Error("no WebAssembly")));
    const report = await useBackend();
    expect(report.name).toBe("cpu");
    expect(report.reason).toMatch(/; no wasm: no WebAssembly; plain JavaScript/);
    await setBackend("wasm");
  });

  it("can be called and evaluated again in one process: no kernel twice, no hook upon a hook, nothing stale", async () => {
    await useBackend("wasm");
    await expectNoLeak(async () => {
      const x = tf.ones<tf.Rank.R2>([2, 3]);
      const w = tf.ones<tf.Rank.R3>([2, 3, 4]);
      const expected = new Float32Array(8).fill(3);
      const compute = (grouped: typeof groupedMatMul) => {
        const [a, b] = [grouped(x, w, [1, 1]), tf.matMul(x, w)];
        expectClose(a, expected);
        expectClose(b, new Float32Array(16).fill(3));
        tf.dispose([a, b]);
      };
      compute(groupedMatMul);
      const backend = tf.engine().backend as WasmBackend;
      const { disposeData } = backend;
      const kernels = tf.getKernelsForBackend("wasm").length;
      for (let i = 0; i < 3; i++) {
        vi.resetModules();
        const again = await import("../../lib/tensor/backend");
        expect(again.useBackend).not.toBe(useBackend);
        await again.useBackend("wasm");
        await again.useBackend("wasm");
        compute((await import("../../lib/tensor/grouped-matmul")).groupedMatMul);
      }
      expect(tf.engine().backend).toBe(backend);
      expect(backend.disposeData).toBe(disposeData);
      expect(tf.getKernelsForBackend("wasm").length).toBe(kernels);

      // What an earlier evaluation packed is given back by the hook that is there.
      tf.dispose(w);
      const other = tf.fill<tf.Rank.R3>([2, 3, 4], 2);
      const product = groupedMatMul(x, other, [1, 1]);
      expectClose(product, new Float32Array(8).fill(6));
      tf.dispose([x, other, product]);
    });
  });
});
