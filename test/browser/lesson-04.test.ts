import { describeLesson } from "./describe-lesson";

/** What many people forget: a fraction of three bits counts eighths. */
const SEVENTHS = `function decodeByte(byte: number): number {
  const [sign, exponent, fraction] = [byte >> 7 ? -1 : 1, (byte >> 3) & 15, byte & 7];
  if ((byte & 127) === 127) return NaN;
  return sign * (exponent > 0 ? (1 + fraction / 7) * 2 ** (exponent - 7) : (fraction / 7) * 2 ** -6);
}`;

describeLesson({
  lesson: "04-fp8-training",
  wrong: { exercise: "04-decode", answer: SEVENTHS, told: ["count eighths"] },
  refused: { parameter: /sumBits = \d+/, to: "sumBits = 80", told: ["sumBits = 80"] },
});
