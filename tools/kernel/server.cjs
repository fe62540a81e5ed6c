/**
 * The server of the kernel: tslab's, with its own way of running a cell and of answering an interrupt request.
 *
 * A cell gets one output stream, runs when its turn comes, and ends with an `error` output and a reply that says so if
 * it failed: by throwing, or by leaving a promise that nobody awaited and that failed, or a timer that threw. An error of
 * that kind that comes later still appears below its own cell. The interrupt request is how Jupyter interrupts where
 * there are no signals, on Windows.
 */
const { createHmac, randomUUID } = require("node:crypto");
const timers = require("node:timers/promises");
const jupyter = require("tslab/dist/jupyter.js");
const { CellQueue } = require("./cell-queue.cjs");
const { errorContent, INTERRUPTED, isCompilerMessage } = require("./error-output.cjs");
const { OutputStream } = require("./output-stream.cjs");
const { SentTimes } = require("./sent-times.cjs");
const { instead } = require("./unready-check.cjs");

/**
 * @typedef {Parameters<import("tslab/dist/jupyter").ZmqServer["handleExecute"]>[1]} Message
 * @typedef {{ code: string, stop_on_error?: boolean }} ExecuteRequest
 * @typedef {{ status: "ok" | "error", execution_count: number } & Record<string, unknown>} ExecuteReply
 */

const DELIMITER = "<IDS|MSG>";

/** Cells whose late errors still find their way to them. */
const REMEMBERED_CELLS = 100;

class CourseServer extends jupyter.ZmqServer {
  #executor;
  #reports;
  #interrupts;
  #handler;
  #cells;
  #places;
  /** The requests of the last cells, by the number that Interrupts gives them. @type {Map<number, Message>} */
  #requests = new Map();
  /** The running cell: its number, and what failed in it beside its own course. @type {{ number: number, strays: ReturnType<typeof errorContent>[] } | null} */
  #running = null;
  #queue = new CellQueue();
  #sent = new SentTimes();
  #executionCount = 0;
  /** @type {Promise<void>} */
  #bound = Promise.resolve();

  /**
   * @param {import("tslab/dist/executor").Executor} executor
   * @param {unknown[][]} reports where the executor puts its errors
   * @param {import("./interrupt.cjs").Interrupts} interrupts
   * @param {import("./cells.cjs").Cells} cells
   * @param {import("./error-output.cjs").Places} places
   * @param {string} connectionFile
   */
  constructor(executor, reports, interrupts, cells, places, connectionFile) {
    const handler = new jupyter.JupyterHandlerImpl(executor, false);
    super(handler, connectionFile);
    this.#handler = handler;
    this.#executor = executor;
    this.#reports = reports;
    this.#interrupts = interrupts;
    this.#cells = cells;
    this.#places = places;
  }

  /** @override */
  init() {
    this.#bound = super.init();
    return this.#bound;
  }

  /**
   * @override
   * @param {{ send(frames: unknown[]): unknown }} socket
   * @param {Message} request
   */
  async handleExecute(socket, request) {
    const content = /** @type {ExecuteRequest} */ (request.content);
    const reply = request.createReply();
    reply.header.msg_type = "execute_reply";
    reply.content = await this.#queue.add(() => this.#runCell(request, content.code), content.stop_on_error !== false);
    reply.signAndSend(this.connInfo.key, socket);
  }

  /**
   * @param {Message} request
   * @param {string} code
   * @returns {Promise<ExecuteReply>}
   */
  async #runCell(request, code) {
    const output = new OutputStream((name, text) => this.#publish(request, "stream", { name, text }));
    /** @param {string} name @param {string} text */
    const write = (name, text) => output.write(name, text);
    // Like tslab, and like IPython: what a cell prints after its end appears below the cell that runs then.
    Object.assign(process.stdout, { write: this.#handler.createWriteToIopub("stdout", write) });
    Object.assign(process.stderr, { write: this.#handler.createWriteToIopub("stderr", write) });
    Object.assign(jupyter, {
      /** @param {object} data @param {boolean} update */
      lastWriteDisplayData: (data, update) => {
        output.flush();
        this.#publish(request, update ? "update_display_data" : "display_data", data);
      },
    });

    const execution_count = ++this.#executionCount;
    if (this.#interrupts.overtook(this.#sent.of(request.header))) {
      this.#publish(request, "error", INTERRUPTED);
      return { status: "error", execution_count, ...INTERRUPTED };
    }
    this.#cells.number = execution_count;
    this.#reports.length = 0;
    const before = { ...this.#executor.locals };
    const at = Date.now();
    const started = this.#interrupts.runCell(() => this.#execute(code));
    const number = this.#interrupts.lastStarted;
    const running = { number, strays: /** @type {ReturnType<typeof errorContent>[]} */ ([]) };
    this.#running = running;
    this.#remember(number, request);
    const succeeded = await started.catch((error) => {
      this.#reports.push([error]);
      return false;
    });
    // A promise that failed while the cell ran is reported in this turn: it belongs to the cell's own result.
    await timers.setImmediate();
    this.#running = null;
    output.flush();
    const [stray] = running.strays;
    if (succeeded) this.#cells.ran(at, null);
    if (succeeded && stray) return { status: "error", execution_count, ...stray };
    if (succeeded) {
      // A module cell (tslab's @module) counts as run whatever the compiler said of it.
      for (const report of this.#reports) console.error(...report);
      return { status: "ok", execution_count, payload: [], user_expressions: {} };
    }
    // What this cell would have declared again stays as it was, as its types do.
    for (const name of this.#cells.names) if (name in before) this.#executor.locals[name] = before[name];
    const interrupted = this.#interrupts.isInterrupted(this.#reports[0]?.[0]);
    const error = interrupted ? INTERRUPTED : errorContent(this.#reports, this.#places);
    this.#cells.ran(at, error.evalue);
    this.#publish(request, "error", error);
    return { status: "error", execution_count, ...error };
  }

  /**
   * Runs a cell; in place of a check that has nothing to judge yet, a cell that says so.
   *
   * @param {string} code
   */
  async #execute(code) {
    if (await this.#executor.execute(code)) return true;
    const said = instead(code, this.#reports);
    if (said === null) return false;
    const reports = this.#reports.splice(0);
    if (await this.#executor.execute(said)) return true;
    // A project without that file: what the compiler said of the check itself. An error of nbgrader's is the check's own.
    if (isCompilerMessage(this.#reports[0])) this.#reports.splice(0, Infinity, ...reports);
    return false;
  }

  /**
   * An error that nobody caught: it is shown in the cell that it comes from, and the kernel goes on.
   *
   * @param {unknown} error
   */
  showStray(error) {
    if (this.#interrupts.isInterrupted(error)) return; // as a loop that nobody awaits ends
    const number = this.#interrupts.cell ?? this.#interrupts.lastStarted;
    const request = this.#requests.get(number) ?? [...this.#requests.values()].at(-1);
    if (!request) return;
    const content = errorContent([[error]], this.#places);
    if (this.#running?.number === number) this.#running.strays.push(content);
    this.#publish(request, "error", content);
  }

  /** @param {number} number @param {Message} request */
  #remember(number, request) {
    this.#requests.set(number, request);
    this.#requests.delete(number - REMEMBERED_CELLS);
  }

  /**
   * @param {Message} request
   * @param {string} type
   * @param {object} content
   */
  #publish(request, type, content) {
    const message = request.createReply();
    message.header.msg_type = type;
    message.content = content;
    message.signAndSend(this.connInfo.key, this.iopub);
  }

  /**
   * @override
   * @param {import("zeromq").Router} socket
   * @param {Buffer[]} frames
   */
  async handleShellMessage(socket, ...frames) {
    const start = frames.findIndex((frame) => frame.toString() === DELIMITER);
    const header = JSON.parse(frames[start + 2]?.toString() ?? "{}");
    this.#sent.received(header, Date.now());
    // A client may ask as soon as the first socket is bound, and the answer needs all of them.
    await this.#bound;
    if (header.msg_type !== "interrupt_request") return super.handleShellMessage(socket, ...frames);
    // tslab knows no such request and keeps its message class to itself: reading and replying are done here.
    if (this.#sign(frames.slice(start + 2)) !== frames[start + 1]?.toString()) return;
    this.#interrupts.interrupt();
    const date = new Date().toISOString();
    const replyHeader = { ...header, msg_type: "interrupt_reply", msg_id: randomUUID(), date };
    const body = [replyHeader, header, {}, { status: "ok" }].map((part) => JSON.stringify(part));
    await socket.send([...frames.slice(0, start), DELIMITER, this.#sign(body), ...body]);
  }

  /** @param {(string | Buffer)[]} parts */
  #sign(parts) {
    const hmac = createHmac("sha256", this.connInfo.key);
    for (const part of parts) hmac.update(part);
    return hmac.digest("hex");
  }
}

module.exports = { CourseServer };
