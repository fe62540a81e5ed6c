import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import zlib from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSiteArguments } from "../../../tools/site/arguments.mjs";
import { serveSite } from "../../../tools/site/serve.mjs";

describe("the server for a look at the site", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "course-serve-"));
  const site = path.join(folder, "site");
  let serving: Awaited<ReturnType<typeof serveSite>>;
  beforeAll(async () => {
    fs.mkdirSync(path.join(site, "run"), { recursive: true });
    fs.writeFileSync(path.join(site, "index.html"), "<p>read</p>");
    fs.writeFileSync(path.join(site, "run/a.js"), "1;".repeat(1000));
    fs.writeFileSync(path.join(folder, "secret.txt"), "no");
    serving = await serveSite({ folder: site, port: 0, base: "/a/b/" });
  });
  afterAll(async () => {
    await serving.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const ask = (address: string, headers: http.OutgoingHttpHeaders = {}, method = "GET") =>
    new Promise<{ status: number; headers: http.IncomingHttpHeaders; body: Buffer }>((resolve, reject) => {
      const { origin } = new URL(serving.url);
      // As it stands: fetch would tidy up "..".
      const options = { host: "127.0.0.1", port: new URL(origin).port, path: address, headers, method };
      const request = http.request(options, (reply) => {
        const chunks: Buffer[] = [];
        reply.on("data", (chunk: Buffer) => chunks.push(chunk));
        reply.on("end", () =>
          resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: Buffer.concat(chunks) }),
        );
      });
      request.on("error", reject).end();
    });

  it("answers below its folder, with the index of a folder", async () => {
    expect((await ask("/a/b/")).body.toString()).toBe("<p>read</p>");
    expect((await ask("/a/b/run/a.js")).headers["content-type"]).toContain("text/javascript");
    expect((await ask("/a/b/run")).headers.location).toBe("/a/b/run/");
    expect((await ask("/")).status).toBe(404);
    expect((await ask("/a/b/none")).status).toBe(404);
  });

  it("compresses for those who say that they can read it, and counts what it sent", async () => {
    serving.sent.length = 0;
    const small = await ask("/a/b/run/a.js", { "Accept-Encoding": "gzip" });
    expect(zlib.gunzipSync(small.body).toString()).toBe("1;".repeat(1000));
    expect((await ask("/a/b/run/a.js")).body).toHaveLength(2000);
    expect(serving.sent.map(({ bytes }) => bytes)).toEqual([small.body.length, 2000]);
    const etag = String(small.headers.etag);
    expect((await ask("/a/b/run/a.js", { "If-None-Match": etag })).status).toBe(304);
  });

  it.each(["/a/b/../../secret.txt", "/a/b/%2e%2e/secret.txt", "/a/b/..%2fsecret.txt", "/a/b/run/..%2f..%2fsecret.txt"])(
    "gives nothing from outside: %s",
    async (address) => {
      expect((await ask(address)).status).toBe(404);
    },
  );

  it("takes nothing", async () => {
    expect((await ask("/a/b/", {}, "POST")).status).toBe(405);
    expect((await ask("/a/b/%zz")).status).toBe(400);
  });
});

describe("the arguments of npm run site", () => {
  it("are all optional", () => {
    expect(readSiteArguments([])).toEqual({ help: false, out: undefined, address: "", serve: false, port: 8080 });
    expect(readSiteArguments(["--serve", "--port", "9000", "--out", "x"])).toMatchObject({ port: 9000, out: "x" });
    expect(readSiteArguments(["--address", "https://example.org/course"]).address).toBe("https://example.org/course/");
    expect(() => readSiteArguments(["--address", "example.org/course"])).toThrow(
      /whole address.*"example\.org\/course"/,
    );
  });

  it("refuse what they don't know, saying where to look", () => {
    expect(() => readSiteArguments(["--sevre"])).toThrow(/--sevre.*npm run site -- --help lists the options\./);
    expect(() => readSiteArguments(["public"])).toThrow(/public.*--help/);
    expect(() => readSiteArguments(["--port", "9000"])).toThrow("--port is for --serve");
    expect(() => readSiteArguments(["--serve", "--port", "0"])).toThrow("--port takes a number from 1 to 65535");
    expect(() => readSiteArguments(["--out"])).toThrow(/--out/);
  });
});
