/**
 * The front half of the kernel in a tab: speaks Jupyter's protocol to JupyterLab, and tools/site/worker/protocol.ts to the
 * worker that runs the cells.
 */
import type { KernelMessage } from "@jupyterlab/services";
import { BaseKernel, type IKernel, type IKernelClient } from "@jupyterlite/services";
import type { ErrorContent, FileChange, FromWorker, SavedNotebook, ToWorker } from "../../../worker/protocol";
import { startWorker, takeFirstWorker } from "./start-worker";
import { NotKept, type WorkFolder } from "./work-folder";

/** What the extension gives to each kernel. */
export interface KernelSurroundings {
  /** The address of the folder that bundleWorker wrote, ending in "/". */
  base: string;
  /** The path of the notebook that a kernel runs; undefined where it runs none. */
  notebookOf?(kernelId: string): string | undefined;
  /** The saved notebooks beside one, slimmed (slimNotebook); null while none has changed since the last call. */
  notebooksBeside?(notebook: string): Promise<SavedNotebook[] | null>;
  /** The folder that lessons write to, as the browser keeps it; for one worker. */
  newWorkFolder?(): WorkFolder;
}

/** How long a worker may take to hear of an interrupt, in milliseconds. One that does not is ended. */
const HEARS_WITHIN_MS = 3000;

/** How long nothing may have been asked until the compiler reads what it will need, in milliseconds. */
const SPARE_AFTER_MS = 1500;

const ENDED: ErrorContent = {
  ename: "Kernel ended",
  evalue:
    "This cell let nothing else in, not even Interrupt, so the kernel was ended and started anew. What was computed is " +
    "lost, what is written is not: Run → Run All Above Selected Cell computes it again.",
  traceback: [],
};
ENDED.traceback.push(`${ENDED.ename}: ${ENDED.evalue}`);

const kernels = new Map<string, CourseKernel>();

/** JupyterLite's Interrupt only drops the cells that wait: the running one has to be told as well. Called once. */
export function hearInterrupts(client: IKernelClient): void {
  const dropWaiting = client.interrupt.bind(client);
  client.interrupt = async (id: string) => {
    kernels.get(id)?.interrupt();
    await dropWaiting(id);
  };
}

type Header = KernelMessage.IHeader<KernelMessage.MessageType> | undefined;
type Reply = Extract<FromWorker, { id: number; type: "executed" | "completed" | "inspected" }>;

export class CourseKernel extends BaseKernel implements IKernel {
  private worker!: Worker;
  private started!: Promise<void>;
  private heard: (() => void) | null = null;
  private next = 0;
  private readonly waiting = new Map<number, (reply: Reply | null) => void>();
  /** The cells that run or ran, so that late output finds them. */
  private readonly headers = new Map<number, Header>();
  private running: number | null = null;
  private spare: ReturnType<typeof setTimeout> | undefined;
  private work: WorkFolder | undefined;
  /** Ends when all that was written is kept; what went wrong with it, since it was last asked for. */
  private keeping: Promise<NotKept | null> = Promise.resolve(null);

  constructor(
    options: IKernel.IOptions,
    private readonly surroundings: KernelSurroundings,
  ) {
    super(options);
    kernels.set(this.id, this);
    this.startWorker();
  }

  override get ready(): Promise<void> {
    return this.started;
  }

  /** Where only the folder is known, some name in it: links and the index of exercises start from the folder. */
  private get notebook(): string {
    const folder = this.location === "" ? "" : `${this.location}/`;
    return this.surroundings.notebookOf?.(this.id) ?? `${folder}lesson.ipynb`;
  }

  override dispose(): void {
    if (this.isDisposed) return;
    clearTimeout(this.spare);
    this.worker.terminate();
    this.work?.dispose();
    kernels.delete(this.id);
    super.dispose();
  }

  /** Asks the running cell to stop; ends the worker where it does not even hear that. */
  interrupt(): void {
    if (this.running === null || this.heard !== null) return;
    const timer = setTimeout(() => this.endWorker(), HEARS_WITHIN_MS);
    this.heard = () => {
      clearTimeout(timer);
      this.heard = null;
    };
    this.post({ type: "interrupt" });
  }

  private startWorker(): void {
    const { worker, ready } = takeFirstWorker() ?? startWorker(this.surroundings.base);
    this.worker = worker;
    this.work?.dispose();
    this.work = this.surroundings.newWorkFolder?.();
    this.started = ready;
    void ready.then(() => this.awaitSpare()).catch(() => {}); // whoever runs a cell is told
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.take(data);
  }

  /** Has the worker prepare for more, unless a cell comes. */
  private awaitSpare(): void {
    clearTimeout(this.spare);
    this.spare = setTimeout(() => {
      if (this.running === null && !this.isDisposed) this.post({ type: "spare" });
    }, SPARE_AFTER_MS);
  }

  private endWorker(): void {
    const id = this.running;
    this.worker.terminate();
    this.heard = null;
    this.startWorker();
    for (const [request, answer] of [...this.waiting]) {
      if (request === id) this.take({ type: "executed", id: request, error: ENDED });
      else answer(null);
    }
    this.waiting.clear();
  }

  private post(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  private ask(make: (id: number) => ToWorker): Promise<Reply | null> {
    const id = this.next++;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.post(make(id));
    });
  }

  private take(message: FromWorker): void {
    if (message.type === "ready") return;
    if (message.type === "interrupting") return this.heard?.();
    if (message.type === "files") return this.keep(message.changes);
    const header = this.headers.get(message.id);
    if (message.type === "stream") this.stream({ name: message.name, text: message.text }, header);
    else if (message.type === "display") {
      const { data, metadata, transient } = message;
      const content = { data, metadata, transient } as KernelMessage.IDisplayDataMsg["content"];
      if (message.update) this.updateDisplayData(content, header);
      else this.displayData(content, header);
    } else if (message.type === "error") this.publishExecuteError(message.error, header);
    else {
      if (message.type === "executed" && message.error) this.publishExecuteError(message.error, header);
      this.waiting.get(message.id)?.(message);
      this.waiting.delete(message.id);
    }
  }

  /** Sends the worker what has been saved since: notebooks for the checks, and files of work/. */
  private async sendSaved(): Promise<void> {
    const files = await this.surroundings.notebooksBeside?.(this.notebook);
    if (files) this.post({ type: "notebooks", files });
    const changes = await this.work?.changes();
    if (changes !== undefined && changes.length > 0) this.post({ type: "files", changes });
  }

  /** Keeps what a cell has written. */
  private keep(changes: FileChange[]): void {
    const { work } = this;
    this.keeping = this.keeping.then(async (trouble) => {
      try {
        await work?.keep(changes);
        return trouble;
      } catch (error) {
        if (!(error instanceof NotKept)) throw error;
        this.post({ type: "not-kept", paths: error.paths });
        return error;
      }
    });
  }

  /** What went wrong with keeping what a cell has written. */
  private async notKept(): Promise<ErrorContent | null> {
    const trouble = await this.keeping;
    this.keeping = Promise.resolve(null);
    if (trouble === null) return null;
    const { name, message } = trouble;
    return { ename: name, evalue: message, traceback: [`${name}: ${message}`] };
  }

  async executeRequest(
    content: KernelMessage.IExecuteRequestMsg["content"],
  ): Promise<KernelMessage.IExecuteReplyMsg["content"]> {
    await this.started;
    await this.sendSaved().catch(() => {}); // a check answers without them as well
    const execution_count = this.executionCount;
    const reply = await this.ask((id) => {
      this.running = id;
      this.headers.set(id, this.parentHeader);
      return { type: "execute", id, code: content.code, count: execution_count, notebook: this.notebook };
    });
    this.running = null;
    this.awaitSpare();
    this.heard?.();
    let error = reply?.type === "executed" ? reply.error : ENDED;
    const notKept = await this.notKept();
    if (notKept !== null) this.publishExecuteError(notKept, this.parentHeader);
    error ??= notKept;
    return error === null
      ? { status: "ok", execution_count, user_expressions: {} }
      : { status: "error", execution_count, ...error };
  }

  async completeRequest(
    content: KernelMessage.ICompleteRequestMsg["content"],
  ): Promise<KernelMessage.ICompleteReplyMsg["content"]> {
    const reply = await this.ask((id) => ({ type: "complete", id, code: content.code, cursor: content.cursor_pos }));
    const { matches, start, end } =
      reply?.type === "completed" ? reply : { matches: [], start: content.cursor_pos, end: content.cursor_pos };
    return { status: "ok", matches, cursor_start: start, cursor_end: end, metadata: {} };
  }

  async inspectRequest(
    content: KernelMessage.IInspectRequestMsg["content"],
  ): Promise<KernelMessage.IInspectReplyMsg["content"]> {
    const reply = await this.ask((id) => ({ type: "inspect", id, code: content.code, cursor: content.cursor_pos }));
    const data = reply?.type === "inspected" ? reply.data : null;
    return { status: "ok", found: data !== null, data: data ?? {}, metadata: {} };
  }

  async kernelInfoRequest(): Promise<KernelMessage.IInfoReplyMsg["content"]> {
    return {
      status: "ok",
      implementation: "tslab",
      implementation_version: "1.0.22",
      language_info: {
        name: "typescript",
        version: "5.0",
        file_extension: ".ts",
        mimetype: "text/typescript",
        codemirror_mode: { name: "javascript", typescript: true },
      },
      protocol_version: "5.3",
      banner: "TypeScript in this tab",
      help_links: [],
    } as KernelMessage.IInfoReplyMsg["content"];
  }

  async isCompleteRequest(): Promise<KernelMessage.IIsCompleteReplyMsg["content"]> {
    return { status: "complete" };
  }

  async commInfoRequest(): Promise<KernelMessage.ICommInfoReplyMsg["content"]> {
    return { status: "ok", comms: {} };
  }

  // Comms and questions to the reader are not used by the course.
  inputReply(): void {}
  async commOpen(): Promise<void> {}
  async commMsg(): Promise<void> {}
  async commClose(): Promise<void> {}
}
