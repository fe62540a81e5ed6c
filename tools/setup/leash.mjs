/*
 * node leash.mjs PROGRAM ARGUMENTS…: runs a program that does not outlive whoever started it. They hold the other end of
 * our standard input; when it closes, because they are done with us or were killed, the program ends with all that it
 * started. A killed set-up would otherwise leave an npm that goes on installing, into the arms of the next start's.
 */
import { spawn, spawnSync } from "node:child_process";
import { constants } from "node:os";

const [program, ...args] = process.argv.slice(2);
const windows = process.platform === "win32";
const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"], detached: !windows, windowsHide: true });

function end() {
  if (child.pid !== undefined) {
    if (windows) spawnSync("taskkill", ["/pid", String(child.pid), "/t", "/f"], { windowsHide: true });
    else {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended by itself in the meantime.
      }
    }
  }
  process.exit(1);
}

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, end);
process.stdin.on("end", end).on("error", end).resume();
child.on("error", (error) => {
  console.error(error.message);
  process.exit(127);
});
// What a signal ended has no code; shells give it this one.
child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal ?? "SIGKILL"]));
