import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

/** Where a text's links to files of the project begin to be read from: a master's are those of its notebook. */
const TEXTS = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map((text) => ({ text, from: "." })),
  ...fs
    .readdirSync("docs")
    .filter((name) => name.endsWith(".md"))
    .map((name) => ({ text: `docs/${name}`, from: "docs" })),
  ...fs
    .readdirSync("notebooks/source")
    .filter((name) => /^\d\d-.+\.ts$/.test(name))
    .map((name) => ({ text: `notebooks/source/${name}`, from: "notebooks" })),
];

/** Targets of markdown links that are neither addresses nor places in the same text. */
function fileLinks(text: string): string[] {
  return [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, target]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

describe.each(TEXTS)("$text", ({ text, from }) => {
  it("links only to files that exist", () => {
    const links = fileLinks(fs.readFileSync(text, "utf8"));
    expect(links.filter((target) => !fs.existsSync(path.join(from, target)))).toEqual([]);
  });
});

it("a link to a file is found, an address is not", () => {
  expect(fileLinks("[a](01-x.ipynb), [b](https://example.org/y), [c](#here), [d](docs/z.md#part)")).toEqual([
    "01-x.ipynb",
    "docs/z.md",
  ]);
});
