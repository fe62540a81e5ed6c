/*
 * Stands in for npm in the set-up's tests. FAKE_NPM says how it goes: "offline", "broken", "hang" (a part of
 * node_modules is there, and it does not end), otherwise well.
 */
import fs from "node:fs";
import path from "node:path";

const command = process.argv[2];
const calls = process.env.FAKE_CALLS ?? "calls.log";
fs.appendFileSync(calls, `npm ${command}\n`);
const folder = path.join(process.cwd(), "node_modules");
if (command === "ci") fs.rmSync(folder, { recursive: true, force: true });
switch (process.env.FAKE_NPM) {
  case "offline":
    console.error("npm error code ENOTFOUND\nnpm error network request to an address failed");
    process.exit(1);
    break;
  case "broken":
    console.error("npm error code EINTEGRITY\nnpm error sha512-abc integrity checksum failed\nnpm error more");
    process.exit(1);
    break;
  case "hang":
    fs.mkdirSync(path.join(folder, "half"), { recursive: true });
    fs.appendFileSync(calls, `npm pid ${process.pid}\n`);
    setInterval(() => {}, 1000);
    break;
  default:
    fs.mkdirSync(path.join(folder, "whole"), { recursive: true });
}
