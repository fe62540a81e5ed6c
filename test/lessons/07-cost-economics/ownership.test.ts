import { describe, expect, it } from "vitest";
import {
  breakEvenBusy,
  hardwarePerHour,
  ownedHour,
  type OwnedGpu,
} from "../../../lib/lessons/07-cost-economics/ownership";

describe("owning", () => {
  const gpu: OwnedGpu = {
    purchase: 35e3,
    interconnectShare: 0.19,
    depreciation: 0.14,
    watts: 1000,
    overhead: 1.3,
    electricity: 0.1,
    operation: 0.1,
  };

  it("costs $1.59 an hour for a $35,000 GPU before electricity, as Epoch's method says", () => {
    expect(hardwarePerHour(gpu)).toBeCloseTo(1.59, 2);
  });

  it("costs more per used hour the fewer there are", () => {
    const [half, full] = [ownedHour(gpu, 0.5), ownedHour(gpu, 1)];
    expect(half.hardware).toBeCloseTo(2 * full.hardware, 10);
    expect(half.electricity).toBe(full.electricity);
    expect(full.total).toBeCloseTo(full.hardware + 0.13 + 0.1, 10);
    expect(() => ownedHour(gpu, 0)).toThrow("busy must be above 0");
  });

  it("breaks even where the used hour costs the rent", () => {
    const busy = breakEvenBusy(gpu, 2.5);
    expect(ownedHour(gpu, busy).total).toBeCloseTo(2.5, 10);
    expect(breakEvenBusy(gpu, 0.1)).toBe(Infinity);
  });
});
