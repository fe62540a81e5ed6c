/** Ports for what a test starts. */
import { randomInt } from "node:crypto";
import net from "node:net";

// Below those that systems hand out: whoever asks the system before ours is taken gets another one.
const [FIRST, END] = [20_000, 32_768];

/** Whether nothing listens on a port of this machine. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Ports in a row that nothing listens on. */
export async function freePorts(count: number): Promise<number[]> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const first = randomInt(FIRST, END - count);
    const ports = Array.from({ length: count }, (_, i) => first + i);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return ports;
  }
  throw new Error(`no ${count} free ports in a row were found`);
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port;
}
