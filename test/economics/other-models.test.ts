import { describe, expect, it } from "vitest";
import { modelFact } from "../../lib/economics/facts";
import { countDecoder, countSwitch, decoderShape } from "../../lib/economics/other-models";

it("reproduces Mixtral's published totals from its shape", () => {
  const { total, active } = countDecoder(decoderShape("mixtral-8x7b"));
  expect(total / modelFact("mixtral-8x7b", "totalParameters").value).toBeCloseTo(1, 3);
  expect(active / modelFact("mixtral-8x7b", "activeParameters").value).toBeCloseTo(1, 2);
});

it("counts a dense decoder as active from end to end", () => {
  const { total, active } = countDecoder({ ...decoderShape("mixtral-8x7b"), experts: 1, activeExperts: 1 });
  expect(active).toBe(total);
  expect(total).toBeCloseTo(7.24e9, -7); // Mistral 7B, whose shape Mixtral's experts have
});

it("reproduces Switch-C's published total, of which a thousandth is active", () => {
  const { total, active } = countSwitch("switch-c");
  expect(total / modelFact("switch-c", "totalParameters").value).toBeCloseTo(1, 3);
  expect(active / total).toBeLessThan(2e-3);
});

describe("the shapes of dense models in data/models.json", () => {
  it.each([
    ["llama-3.1-405b", 405e9],
    ["qwen2.5-72b", 72.7e9],
  ])("%s has the parameters that its name says", (id, parameters) => {
    const { total, active } = countDecoder(decoderShape(id));
    expect(Math.abs(total / parameters - 1)).toBeLessThan(0.003);
    expect(active).toBe(total);
  });
});
