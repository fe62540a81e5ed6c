// A small Jupyter client: it starts a kernel, ours or tslab as it comes, and talks to it over zeromq as a notebook
// does. It reports what arrived, never what should have: a cell that does not end within its time has the status
// "timeout", so that a test can assert the trap of the stock kernel as well as its absence in ours. Cells may overlap.
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Dealer, Subscriber } from "zeromq";
import { freePorts } from "../support/free-ports";

/** "ours" is tools/kernel/start.cjs, "stock" is tslab's own start. */
export type KernelKind = "ours" | "stock";

export interface CellError {
  ename: string;
  evalue: string;
  traceback: string[];
}

/** What a client sees of one cell. */
export interface CellResult {
  /** ok, error, aborted (tslab says abort), or timeout when reply or idle did not arrive in time. */
  status: string;
  stdout: string;
  stderr: string;
  /** The `error` output, if there was one. */
  error?: CellError;
  /** How many `error` outputs there were. */
  errors: number;
  displays: { data: Record<string, unknown>; id?: string; update: boolean }[];
  /** The number of stdout and stderr messages. */
  streamMessages: number;
}

interface Message {
  header: { msg_id: string; msg_type: string };
  parent: { msg_id?: string };
  content: Record<string, unknown>;
}

/** How long an answer that will come may take: a loaded machine can be ten times as slow as a quiet one. */
const PATIENCE_MS = 120_000;

const DELIMITER = "<IDS|MSG>";
const KEY = "key";

/** The Node that runs the kernel; nodes.mjs sets it to try others. */
export const KERNEL_NODE = process.env.COURSE_KERNEL_NODE ?? process.execPath;

/** The command line of a kernel for a project at `root`. */
function kernelCommand(kind: KernelKind, root: string, connectionFile: string): string[] {
  const tslab = resolve("node_modules/tslab/bin/tslab");
  return kind === "ours"
    ? [KERNEL_NODE, join(root, "tools/kernel/start.cjs"), connectionFile]
    : [KERNEL_NODE, tslab, "kernel", `--config-path=${connectionFile}`];
}

/** Writes a connection file with free ports into `folder`. */
async function writeConnectionFile(folder: string): Promise<{ file: string; ports: Ports }> {
  const [shell_port, iopub_port, stdin_port, control_port, hb_port] = await freePorts(5);
  const ports = { shell_port, iopub_port, stdin_port, control_port, hb_port } as Ports;
  const file = join(folder, "connection.json");
  const settings = { transport: "tcp", ip: "127.0.0.1", key: KEY, signature_scheme: "hmac-sha256" };
  writeFileSync(file, JSON.stringify({ ...settings, ...ports, kernel_name: "tslab" }));
  return { file, ports };
}

interface Ports {
  shell_port: number;
  iopub_port: number;
  control_port: number;
}

function spawnKernel([node = "", ...args]: string[], cwd: string): ChildProcess {
  return spawn(node, args, { cwd, stdio: ["ignore", "ignore", "inherit"] });
}

/** One running kernel and the connection to it. */
export class KernelClient {
  private readonly pending = new Map<string, (message: Message) => void>();
  private readonly shell = new Dealer({ linger: 0 });
  private readonly control = new Dealer({ linger: 0 });
  private readonly iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });

  private constructor(
    readonly kind: KernelKind,
    readonly process: ChildProcess,
    private readonly folder: string,
    ports: Ports,
  ) {
    this.shell.connect(`tcp://127.0.0.1:${ports.shell_port}`);
    this.control.connect(`tcp://127.0.0.1:${ports.control_port}`);
    this.iopub.connect(`tcp://127.0.0.1:${ports.iopub_port}`);
    this.iopub.subscribe();
    for (const socket of [this.shell, this.control, this.iopub]) void this.dispatch(socket);
  }

  /**
   * Starts a kernel and waits until it answers. One that ends at once is started again: a port that was free may be taken.
   *
   * @param root the project
   * @param cwd where the process starts, as Jupyter starts a kernel in the notebook's folder
   * @param launch starts the process, or one that starts it
   */
  static async start(kind: KernelKind, root: string, cwd = root, launch = spawnKernel): Promise<KernelClient> {
    for (let attempt = 1; ; attempt++) {
      const folder = mkdtempSync(join(tmpdir(), "kernel-client-"));
      const { file, ports } = await writeConnectionFile(folder);
      const client = new KernelClient(kind, launch(kernelCommand(kind, root, file), cwd), folder, ports);
      try {
        await client.untilReady();
        return client;
      } catch (error) {
        const ended = client.hasExited();
        await client.close();
        if (!ended || attempt === 3) throw error;
      }
    }
  }

  /** Asks until an answer comes on both channels: messages sent before the sockets are bound are lost on iopub. */
  private async untilReady(): Promise<void> {
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
      if ((await this.request("kernel_info_request", {}, 300)).idle) return;
      if (this.process.exitCode !== null) break;
    }
    throw new Error(`the kernel does not answer (exit code ${this.process.exitCode})`);
  }

  private async dispatch(socket: Dealer | Subscriber): Promise<void> {
    for await (const frames of socket) {
      const start = frames.findIndex((frame) => frame.toString() === DELIMITER);
      const [signature, ...body] = frames.slice(start + 1);
      if (signature?.toString() !== sign(body)) throw new Error("a message of the kernel has a wrong signature");
      const [header, parent, , content] = body.map((frame) => JSON.parse(frame.toString()));
      this.pending.get(parent.msg_id)?.({ header, parent, content });
    }
  }

  /** Sends a request and collects what comes in answer to it until reply and idle are there, or the time is over. */
  private async request(
    type: string,
    content: object,
    timeoutMs: number,
    onIopub: (message: Message) => void = () => {},
    sentAt = new Date(),
  ): Promise<{ reply?: Record<string, unknown>; idle: boolean }> {
    const id = randomUUID();
    const socket = type.startsWith("interrupt") || type.startsWith("shutdown") ? this.control : this.shell;
    const replyType = type.replace("_request", "_reply");
    let reply: Record<string, unknown> | undefined;
    let idle = false;
    const answered = new Promise<void>((done) => {
      const timer = setTimeout(done, timeoutMs);
      const onMessage = ({ header, content }: Message): void => {
        if (header.msg_type === replyType) reply = content;
        else if (header.msg_type === "status") idle = content.execution_state === "idle";
        else onIopub({ header, parent: {}, content });
        if (reply === undefined || !(idle || type === "interrupt_request")) return; // whose answer has no other part
        clearTimeout(timer);
        done();
      };
      this.pending.set(id, onMessage);
    });
    const date = sentAt.toISOString();
    const header = { msg_id: id, session: "test", username: "test", date, msg_type: type, version: "5.3" };
    const body = [header, {}, {}, content].map((part) => JSON.stringify(part));
    await socket.send([DELIMITER, sign(body), ...body]);
    await answered;
    return { reply, idle };
  }

  /**
   * Runs a cell.
   *
   * @param options.stopOnError whether an error stops the cells that were sent with it; runners that go on say false
   * @param options.timeoutMs how long the stock kernel is waited for where it is to give no answer; ours always does, and
   *   gets at least two minutes, whatever else the machine has to do
   * @param options.onOutput is called with every printed text
   * @param options.onDisplay is called with the plain text of everything that is shown, also of what replaces another
   * @param options.sentAt the time that the message carries, where it is another than now
   */
  async execute(
    code: string,
    options: {
      stopOnError?: boolean;
      timeoutMs?: number;
      onOutput?: (text: string) => void;
      onDisplay?: (text: string) => void;
      sentAt?: Date;
    } = {},
  ): Promise<CellResult> {
    const result: CellResult = {
      status: "timeout",
      stdout: "",
      stderr: "",
      errors: 0,
      displays: [],
      streamMessages: 0,
    };
    const stop_on_error = options.stopOnError ?? true;
    const content = { code, silent: false, store_history: true, user_expressions: {}, stop_on_error };
    const onIopub = ({ header, content }: Message): void => {
      if (header.msg_type === "stream") {
        result[content.name as "stdout" | "stderr"] += content.text as string;
        result.streamMessages++;
        options.onOutput?.(content.text as string);
      } else if (header.msg_type === "error") {
        result.error = content as unknown as CellError;
        result.errors++;
      } else if (header.msg_type.endsWith("display_data")) {
        const { data, transient } = content as { data: Record<string, unknown>; transient?: { display_id?: string } };
        result.displays.push({ data, id: transient?.display_id, update: header.msg_type.startsWith("update") });
        options.onDisplay?.(String(data["text/plain"] ?? ""));
      }
    };
    const { sentAt } = options;
    const timeoutMs =
      this.kind === "ours" ? Math.max(options.timeoutMs ?? 0, PATIENCE_MS) : (options.timeoutMs ?? PATIENCE_MS);
    const { reply, idle } = await this.request("execute_request", content, timeoutMs, onIopub, sentAt);
    if (reply && idle) result.status = reply.status as string;
    return result;
  }

  /** What Tab offers at the end of the code. */
  async complete(code: string): Promise<string[]> {
    const { reply } = await this.request("complete_request", { code, cursor_pos: code.length }, PATIENCE_MS);
    return (reply?.matches ?? []) as string[];
  }

  /** What Shift-Tab shows at a position. */
  async inspect(code: string, position: number): Promise<string> {
    const { reply } = await this.request(
      "inspect_request",
      { code, cursor_pos: position, detail_level: 0 },
      PATIENCE_MS,
    );
    return (reply?.data as Record<string, string> | undefined)?.["text/plain"] ?? "";
  }

  /** Interrupts as Jupyter does with `interrupt_mode: signal`. */
  interrupt(): void {
    this.process.kill("SIGINT");
  }

  /** Interrupts as Jupyter does with `interrupt_mode: message`, the only way on Windows. */
  async requestInterrupt(): Promise<boolean> {
    const timeoutMs = this.kind === "ours" ? PATIENCE_MS : 3000;
    return (await this.request("interrupt_request", {}, timeoutMs)).reply?.status === "ok";
  }

  /** Waits for the answer to a question: a signal that was sent before it has been heard by then. */
  async answers(): Promise<void> {
    await this.request("kernel_info_request", {}, PATIENCE_MS);
  }

  /** Whether the process ends by itself within the time. */
  async exits(timeoutMs: number): Promise<boolean> {
    if (this.hasExited()) return true;
    const timeout = new Promise((done) => setTimeout(done, timeoutMs).unref());
    await Promise.race([once(this.process, "exit"), timeout]);
    return this.hasExited();
  }

  /** Asks the kernel to end, as closing a notebook does; whether it did. */
  async shutdown(): Promise<boolean> {
    void this.request("shutdown_request", { restart: false }, 1000);
    return this.exits(PATIENCE_MS);
  }

  /** Ends the kernel at once and the connection with it. */
  async close(): Promise<void> {
    if (!this.hasExited()) {
      this.process.kill("SIGKILL");
      await once(this.process, "exit");
    }
    for (const socket of [this.shell, this.control, this.iopub]) socket.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private hasExited(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }
}

function sign(parts: readonly (string | Buffer)[]): string {
  const hmac = createHmac("sha256", KEY);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex");
}
