import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  clock,
  describe as inWords,
  H100,
  H200,
  measured,
  rate,
  readMeasurements,
  throughput,
} from "../../lib/economics/measurements";
import { machine } from "../../lib/economics/roofline";

describe.each([
  ["h200", H200, "NVIDIA H200"],
  ["h100", H100, "NVIDIA H100"],
])("the record of an %s", (id, file, device) => {
  const record = readMeasurements(file)!;
  const sheet = machine(id);

  it("says where it is from, and was made by the script as it stands", () => {
    const { provenance } = record;
    expect(provenance.device).toContain(device);
    expect(provenance.date).toMatch(/^\d{4}-\d\d-\d\dT/);
    for (const key of ["torch", "cuda", "driver", "triton"] as const) expect(provenance[key]).toMatch(/\d/);
    const script = createHash("sha256").update(fs.readFileSync(provenance.script)).digest("hex");
    expect(provenance.script_sha256).toBe(script);
    expect(inWords(record)).toContain(script.slice(0, 12));
  });

  it("has all parts, with several repetitions and a spread around the median", () => {
    expect(Object.keys(record.parts).sort()).toEqual([
      "accumulation",
      "bandwidth",
      "carveout",
      "experts",
      "gemm",
      "mla_decode",
      "overlap",
    ]);
    for (const [name, part] of Object.entries(record.parts)) {
      expect(part.status, name).toBe("ok");
      for (const row of measured(record, name)) {
        expect(row.repetitions).toBeGreaterThanOrEqual(5);
        expect(row.low).toBeLessThanOrEqual(row.seconds);
        expect(row.high).toBeGreaterThanOrEqual(row.seconds);
      }
    }
    expect(clock(record, "gemm")!.max).toBeLessThanOrEqual(1980);
  });

  it("stays below the data sheet: no product is faster than the peak, no large read than memory", () => {
    for (const row of measured(record, "gemm")) {
      expect(rate(row)).toBeLessThan(row.form === "bf16" ? sheet.peaks.bf16 : sheet.peaks.fp8);
    }
    for (const row of measured(record, "bandwidth", { warm: false })) {
      expect(throughput(row)).toBeLessThan(sheet.bandwidth);
    }
  });

  it("holds products that are right within what their format allows", () => {
    for (const row of measured(record, "gemm").filter(({ form }) => form !== "bf16"))
      expect(row.relative_error).toBeLessThan(0.05);
    for (const row of measured(record, "mla_decode")) expect(row.difference_from_absorbed).toBeLessThan(0.03);
  });
});

describe("readMeasurements", () => {
  const written = (content: object) => {
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "measured-")), "x.json");
    fs.writeFileSync(file, JSON.stringify(content));
    return file;
  };

  it("gives null where there is no record", () => {
    expect(readMeasurements("data/measurements/none.json")).toBeNull();
  });

  it("refuses another format, and a run that only tested the script", () => {
    expect(() => readMeasurements(written({ format: 2 }))).toThrow("format 2");
    expect(() => readMeasurements(written({ format: 1, provenance: { quick: true } }))).toThrow("measures nothing");
  });

  it("leaves out rows with an error, and finds by fields", () => {
    const record = readMeasurements(H200)!;
    expect(record.parts.gemm.rows.length).toBeGreaterThan(measured(record, "gemm").length);
    expect(measured(record, "gemm", { name: "square", form: "bf16" }).map(({ m }) => m)).toContain(4096);
    expect(measured(record, "no such part")).toEqual([]);
  });
});
