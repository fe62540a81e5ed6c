import { describe, expect, it } from "vitest";
import { Random } from "../../../lib/tensor/random";
import { BEGIN_OF_DOCUMENT, bytesOf, textOf } from "../../../lib/corpus/bytes";
import {
  coveringWindows,
  editWords,
  leakInto,
  NgramIndex,
  normalisedWords,
  survivingNgrams,
} from "../../../lib/lessons/08-data-and-openness/contamination";

const TEXT = "The quick brown fox jumps over the lazy dog, and then it sleeps until the sun is up again.";

describe("normalisedWords", () => {
  it("hears no difference in case, punctuation, line breaks and width of characters", () => {
    expect(normalisedWords("The  Quick—brown\nfox!")).toEqual(["the", "quick", "brown", "fox"]);
    expect(normalisedWords("Ｆｏｘ № 3")).toEqual(["fox", "no", "3"]);
    expect(normalisedWords("Überfluß, naïve")).toEqual(["überfluß", "naïve"]);
    expect(normalisedWords(" … ")).toEqual([]);
  });
});

describe("NgramIndex", () => {
  it("finds a copy whatever its case and punctuation", () => {
    const index = new NgramIndex(5).add(
      `Something before. ${TEXT.toUpperCase().replaceAll(",", " ;")} Something after.`,
    );
    expect(index.overlap(TEXT)).toBe(1);
  });

  it("counts the n-grams of the test, not of the training text", () => {
    const index = new NgramIndex(2).add("a b c d e f g h");
    expect(index.hits("x b c d y")).toEqual([false, true, true, false]);
    expect(index.overlap("x b c d y")).toBe(0.5);
  });

  it("does not join the end of one text to the beginning of the next", () => {
    expect(new NgramIndex(2).add("a b").add("c d").overlap("b c")).toBe(0);
  });

  it("keeps words in order and apart", () => {
    const index = new NgramIndex(3).add("one two three four");
    expect(index.overlap("three two one")).toBe(0);
    expect(index.overlap("onetwo three four")).toBe(0);
  });

  it("finds nothing in a text shorter than n", () => {
    expect(new NgramIndex(3).add("a b").size).toBe(0);
    expect(new NgramIndex(3).add("a b c").overlap("a b")).toBe(0);
  });

  it("agrees with a comparison of strings on random texts", () => {
    const random = new Random(3);
    const text = () => Array.from({ length: 400 }, () => "abcd"[random.integer(4)]).join(" ");
    const [training, test] = [text(), text()];
    for (const n of [1, 3, 5, 7]) {
      const grams = (t: string) =>
        normalisedWords(t)
          .map((_, i, all) => all.slice(i, i + n).join(" "))
          .slice(0, 401 - n);
      const known = new Set(grams(training));
      const expected = grams(test).filter((gram) => known.has(gram)).length / (401 - n);
      expect(new NgramIndex(n).add(training).overlap(test)).toBeCloseTo(expected, 12);
    }
  });

  it.each([0, 1.5, -3, NaN])("refuses n = %s", (n) => {
    expect(() => new NgramIndex(n)).toThrow(/n must be a whole number from 1 on/);
  });
});

describe("editWords", () => {
  it("changes about the share that it is given, always to another word, and nothing between words", () => {
    const text = Array.from({ length: 2000 }, (_, i) => `w${i % 7}`).join(", ");
    const edited = editWords(text, 0.2, ["w0", "w1", "other"], new Random(1));
    const [before, after] = [normalisedWords(text), normalisedWords(edited)];
    const changed = before.filter((word, i) => word !== after[i]).length / before.length;
    expect(changed).toBeGreaterThan(0.17);
    expect(changed).toBeLessThan(0.23);
    expect(edited.replace(/\w+/g, "")).toBe(text.replace(/\w+/g, ""));
    expect(editWords(text, 0, ["x"], new Random(1))).toBe(text);
  });

  it("leaves the overlap that the formula says", () => {
    const text = Array.from({ length: 5000 }, (_, i) => `word${i}`).join(" ");
    const edited = editWords(text, 0.1, ["something", "else"], new Random(2));
    for (const n of [1, 5, 13]) {
      const index = new NgramIndex(n).add(text);
      expect(Math.abs(index.overlap(edited) - survivingNgrams(0.1, n))).toBeLessThan(0.04);
    }
  });
});

describe("leakInto", () => {
  const stream = Uint16Array.from({ length: 1000 }, (_, i) => 65 + (i % 20));
  const document = bytesOf("leaked!");

  it("makes whole copies the share that was asked for, and keeps the stream's own tokens in order", () => {
    const leaked = leakInto(stream, document, 0.4);
    const copies = textOf(leaked).split("leaked!").length - 1;
    expect((copies * 8) / leaked.length).toBeCloseTo(0.4, 1);
    expect(leaked.filter((id) => id === BEGIN_OF_DOCUMENT).length).toBe(copies);
    expect(textOf(leaked).replaceAll("leaked!", "")).toBe(textOf(stream));
  });

  it("spreads the copies over the stream", () => {
    const places = [...leakInto(stream, document, 0.2).entries()].filter(([, id]) => id === BEGIN_OF_DOCUMENT);
    const gaps = places.slice(1).map(([at], i) => at - places[i][0]);
    expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(1);
  });

  it("leaves a stream as it was for a share of nothing, and refuses a whole one", () => {
    expect(leakInto(stream, document, 0)).toEqual(stream);
    expect(() => leakInto(stream, document, 1)).toThrow(/from 0 up to 1/);
    expect(() => leakInto(stream, document, NaN)).toThrow(/from 0 up to 1/);
  });
});

describe("coveringWindows", () => {
  it("covers a text from its first to its last token", () => {
    const text = Array.from({ length: 23 }, (_, i) => i);
    const windows = coveringWindows(text, 8);
    expect(windows.map((window) => window[0])).toEqual([0, 4, 8, 12, 13]);
    expect(windows.every((window) => window.length === 10)).toBe(true);
    expect(new Set(windows.flat()).size).toBe(23);
    expect(coveringWindows(text, 21)).toEqual([text]);
    expect(() => coveringWindows(text, 22)).toThrow(/a window of 24 tokens does not fit in 23/);
  });
});
