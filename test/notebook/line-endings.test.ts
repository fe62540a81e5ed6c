/** A clone as Git for Windows makes it by default (core.autocrlf), and files that an editor there has saved. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { exercisesIn } from "../../lib/notebook/exercise/announced";
import { parametersOf } from "../../lib/notebook/parameters";
import { findDeclaration } from "../../lib/notebook/source";
import { parseNotebook } from "../../tools/course/build/notebook";
import { temporaryFolder } from "../support/folder";

const folder = temporaryFolder();
const crlf = (text: string) => text.replaceAll("\n", "\r\n");
const masters = fs.readdirSync("notebooks/source").filter((name) => name.endsWith(".ts"));

describe("Windows line endings", () => {
  it.each(masters)("change nothing of what is read from the master %s", (name) => {
    const lesson = path.basename(name, ".ts");
    const text = fs.readFileSync(path.join("notebooks", "source", name), "utf8");
    expect(text).not.toContain("\r");
    expect(parametersOf(crlf(text), lesson)).toEqual(parametersOf(text, lesson));
    expect(exercisesIn(crlf(text), lesson)).toEqual(exercisesIn(text, lesson));
  });

  it("change nothing of the source that a lesson shows", () => {
    const text = fs.readFileSync("lib/model/router.ts", "utf8");
    expect(findDeclaration(crlf(text), "route", "f")).toEqual(findDeclaration(text, "route", "f"));
  });

  it("change nothing of a notebook's cells", () => {
    const cell = (source: string) => ({ cell_type: "code", id: "a", metadata: {}, source, outputs: [] });
    const text = (source: string) => JSON.stringify({ cells: [cell(source)], metadata: {}, nbformat: 4 }, null, 1);
    const plain = parseNotebook(text("const a = 1;\nconst b = 2;"), "plain");
    expect(parseNotebook(crlf(text("const a = 1;\r\nconst b = 2;")), "windows")).toEqual(plain);
  });

  it("do not come with a clone, whatever git is set to", () => {
    const [origin, clone] = [folder(), path.join(folder(), "clone")];
    const git = (...args: string[]) => execFileSync("git", args, { cwd: origin, stdio: ["ignore", "pipe", "ignore"] });
    const files = [".ci/run", "deploy/start-server.sh", "lib/notebook/say.ts", "tools/setup/serve.py", "package.json"];
    for (const file of [".gitattributes", "notebooks/source/00-start-here.ts", ...files]) {
      fs.mkdirSync(path.dirname(path.join(origin, file)), { recursive: true });
      fs.copyFileSync(file, path.join(origin, file));
    }
    const weights = Buffer.from("header\r\nof\nweights", "latin1");
    fs.writeFileSync(path.join(origin, "model.safetensors"), weights);
    const windows = ["-c", "core.autocrlf=true", "-c", "core.eol=crlf"];
    git("init", "-q");
    git(...windows, "add", ".");
    git("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "files");
    git("clone", "-q", ...windows, origin, clone);
    for (const file of files) {
      expect(fs.readFileSync(path.join(clone, file), "utf8"), file).toBe(fs.readFileSync(file, "utf8"));
    }
    expect(fs.readFileSync(path.join(clone, "model.safetensors"))).toEqual(weights);
  });
});
