import { readFileSync } from "node:fs";
import { platform } from "node:os";
import { expect, it } from "vitest";
import { outputOf } from "../../tools/python";

/** The ports that kernels of our own programs get. */
async function ports(kernels: number): Promise<number[][]> {
  const program =
    "import json; from quiet_ports import QuietPorts; from jupyter_client.connect import port_names; " +
    `print(json.dumps([[getattr(one, name) for name in port_names] for one in [QuietPorts() for _ in range(${kernels})]]))`;
  return JSON.parse(await outputOf(["-c", program])) as number[][];
}

it("a kernel that a program of ours starts gets five ports that the system hands to nobody", async () => {
  const [lowest, highest] =
    platform() === "linux"
      ? readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/).map(Number)
      : [49_152, 65_535];
  for (const five of await ports(20)) {
    expect(new Set(five).size).toBe(5);
    for (const port of five) expect(port < lowest || port > highest, String(port)).toBe(true);
  }
});

it("and none that somebody listens on", async () => {
  const program = `
import socket
import quiet_ports
taken = socket.socket()
taken.bind(("127.0.0.1", 0))
quiet_ports.PORTS = range(taken.getsockname()[1] - 3, taken.getsockname()[1] + 3)
one = quiet_ports.QuietPorts()
print(taken.getsockname()[1] in [one.shell_port, one.iopub_port, one.stdin_port, one.hb_port, one.control_port])`;
  expect((await outputOf(["-c", program])).trim()).toBe("False");
});
