import { describe, expect, it } from "vitest";
import { readResetArguments, readStartArguments, readTestArguments } from "../../tools/setup/arguments.mjs";

describe("the arguments of npm start", () => {
  it("are all optional", () => {
    expect(readStartArguments([])).toEqual({ help: false, lesson: undefined, port: 8888, browser: true });
  });

  it("may come in any order, with or without an equals sign", () => {
    const wanted = { help: false, lesson: "01", port: 9000, browser: false };
    expect(readStartArguments(["01", "--port", "9000", "--no-browser"])).toEqual(wanted);
    expect(readStartArguments(["--no-browser", "--port=9000", "01"])).toEqual(wanted);
    expect(readStartArguments(["-h"]).help).toBe(true);
  });

  it.each([["0"], ["65536"], ["http"], ["-1"], ["80.5"]])("refuse the port %s", (port) => {
    expect(() => readStartArguments([`--port=${port}`])).toThrow(
      `--port takes a number from 1 to 65535, not "${port}".`,
    );
  });

  it("refuse what they don't know, saying where to look", () => {
    expect(() => readStartArguments(["--prot=1"])).toThrow("Unknown option --prot=1: npm start -- --help lists them.");
    expect(() => readStartArguments(["--port"])).toThrow("--port needs a value after it.");
    expect(() => readStartArguments(["01", "02"])).toThrow("npm start opens one lesson, not 2: 01, 02.");
  });
});

describe("the arguments of npm run reset", () => {
  it("are lessons", () => {
    expect(readResetArguments(["01", "02"])).toEqual({ help: false, lessons: ["01", "02"] });
    expect(() => readResetArguments(["--all"])).toThrow("Unknown option --all");
  });
});

describe("the arguments of npm test", () => {
  const steps = ["lint", "unit", "nodes"];

  it("leave out what must be asked for", () => {
    expect(readTestArguments([], steps, ["nodes"]).steps).toEqual(["lint", "unit"]);
    expect(readTestArguments(["--nodes"], steps, ["nodes"]).steps).toEqual(steps);
  });

  it("pick steps, which keep their order", () => {
    expect(readTestArguments(["--only", "unit,lint"], steps, ["nodes"]).steps).toEqual(["lint", "unit"]);
    expect(readTestArguments(["--only=nodes"], steps, ["nodes"]).steps).toEqual(["nodes"]);
  });

  it("tell which steps were named: those do not let themselves be skipped", () => {
    const all = [...steps, "browser"];
    expect(readTestArguments([], all, ["nodes"]).named).toEqual([]);
    expect(readTestArguments(["--only", "browser", "--nodes"], all, ["nodes"]).named).toEqual(["nodes", "browser"]);
    expect(readTestArguments(["--browser"], all, ["nodes"])).toMatchObject({
      steps: ["lint", "unit", "browser"],
      named: ["browser"],
    });
  });

  it("say how many steps run at a time", () => {
    expect(readTestArguments([], steps, []).lanes).toBe(1);
    expect(readTestArguments(["--lanes", "2"], steps, []).lanes).toBe(2);
    for (const lanes of ["0", "two", "1.5", "10"])
      expect(() => readTestArguments([`--lanes=${lanes}`], steps, [])).toThrow(
        `--lanes takes a number from 1 to 9, not "${lanes}".`,
      );
  });

  it("refuse a step that does not exist", () => {
    expect(() => readTestArguments(["--only", "units"], steps, [])).toThrow(
      'npm test has no step "units": there are lint, unit, nodes.',
    );
    expect(() => readTestArguments(["unit"], steps, [])).not.toThrow('"--only"');
  });
});
