/** A temporary folder for the tests of one file, removed when they are done. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll } from "vitest";

/** Call it once, outside the tests; the function it returns gives the path of a new folder, or of a name in one. */
export function temporaryFolder(): (name?: string) => string {
  const root = mkdtempSync(path.join(tmpdir(), "course-test-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  return (name = "") => path.join(mkdtempSync(path.join(root, "case-")), name);
}
