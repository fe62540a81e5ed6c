/*
 * What the course adds to JupyterLite: its kernel (kernel.ts), and care for the learner's work.
 */
import type { JupyterFrontEnd, JupyterFrontEndPlugin, LabShell } from "@jupyterlab/application";
import { Notification } from "@jupyterlab/apputils";
import { PageConfig } from "@jupyterlab/coreutils";
import { INotebookTracker } from "@jupyterlab/notebook";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { IDefaultDrive } from "@jupyterlab/services";
import { IKernelClient, IKernelSpecs } from "@jupyterlite/services";
import { slimNotebook, type SavedNotebook } from "../../../worker/protocol";
import type { Copies } from "../../../../setup/copies.mjs";
import { syncCopies, type Lessons, type Store } from "./copies";
import { CourseKernel, hearInterrupts } from "./kernel";
import { keepForOffline, startServiceWorker } from "./offline";
import { watchOtherTabs } from "./other-tabs";
import { plots, prepare } from "./plots";
import { guardStorage, type Drive } from "./storage";
import { WorkFolder, type WorkDrive } from "./work-folder";

/** JupyterLite's own, once its storage is there. */
type BrowserDrive = Drive & WorkDrive & { storage: Promise<Store> };

/** The notebook that the address asks for; JupyterLite takes it out of the address when it has opened it. */
const asked = new URLSearchParams(location.search).get("path");

/**
 * Gives each notebook a workspace of its own, named in the address: a lesson that is opened comes without those that were
 * open in another tab, each of which would start a kernel, and a reload brings back what was open here. Before JupyterLite
 * reads the address.
 */
function useOwnWorkspace(): void {
  const url = new URL(location.href);
  if (asked === null || url.searchParams.has("workspace")) return;
  url.searchParams.set("workspace", asked.replace(/\.ipynb$/, "").replaceAll("/", "-"));
  history.replaceState(history.state, "", url);
}
useOwnWorkspace();

/** In a narrower window than this the list of files would leave a lesson no room, in pixels. */
const NARROW = 700;

/** When the page is quiet after it has opened a lesson, what is missing for a time without a network is fetched. */
const QUIET_MS = 8000;

function remembered(key: string): Copies {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "{}") as Copies;
  } catch {
    return {};
  }
}

/** Brings the copies up to date before any is opened, and tells of newer lessons that lie beside changed ones. */
async function bringCopiesUpToDate(app: JupyterFrontEnd, drive: BrowserDrive): Promise<void> {
  const base = PageConfig.getBaseUrl();
  const key = `course copies ${base}`;
  const response = await fetch(`${base}lessons.json`);
  if (!response.ok) throw new Error(`lessons.json: ${response.status}`);
  const lessons = (await response.json()) as Lessons;
  const fetchLesson = async (lesson: string) =>
    (await fetch(`${base}files/${lesson}.ipynb`)).json() as Promise<unknown>;
  const copies = remembered(key);
  const done = await syncCopies(await drive.storage, copies, { lessons, fetchLesson });
  localStorage.setItem(key, JSON.stringify(copies));
  for (const { did, lesson, file } of done) {
    if (did !== "offered") continue;
    Notification.info(
      `There is a newer version of ${lesson}. Yours has stayed as it is; the new one lies beside it: ${file}`,
      {
        autoClose: false,
        actions: [{ label: "Open", callback: () => void app.commands.execute("docmanager:open", { path: file }) }],
      },
    );
  }
}

/** The notebooks that the browser keeps in the folder of one, when any of them has been saved since the last call. */
function savedNotebooks(drive: BrowserDrive): (notebook: string) => Promise<SavedNotebook[] | null> {
  let told = "";
  return async (notebook) => {
    const storage = await drive.storage;
    const folder = notebook.replace(/[^/]*$/, "");
    const isBeside = (path: string) => path.endsWith(".ipynb") && path.replace(/[^/]*$/, "") === folder;
    const files: SavedNotebook[] = [];
    for (const path of (await storage.keys()).filter(isBeside)) {
      const item = await storage.getItem(path);
      if (item === null) continue;
      const text = slimNotebook(item.content as { cells?: unknown });
      files.push({ path, text, changed: Date.parse(item.last_modified) });
    }
    const now = files.map(({ path, changed }) => `${path} ${changed}`).join("\n");
    if (now === told) return null;
    told = now;
    return files;
  };
}

const kernel: JupyterFrontEndPlugin<void> = {
  id: "deepseek-v3-course-in-a-tab:kernel",
  description: "Runs TypeScript in a worker of this page, under the name that the lessons' notebooks ask for.",
  autoStart: true,
  requires: [IKernelSpecs, IKernelClient, IDefaultDrive, INotebookTracker],
  activate: (
    _: JupyterFrontEnd,
    specs: IKernelSpecs,
    client: IKernelClient,
    drive: BrowserDrive,
    tracker: INotebookTracker,
  ) => {
    hearInterrupts(client);
    const spec = {
      name: "tslab",
      display_name: "TypeScript (course)",
      language: "typescript",
      argv: [],
      resources: {},
    };
    specs.register({
      spec,
      create: async (options) =>
        new CourseKernel(options, {
          base: `${PageConfig.getBaseUrl()}worker/`,
          notebookOf: (id) => tracker.find((panel) => panel.sessionContext.session?.kernel?.id === id)?.context.path,
          notebooksBeside: savedNotebooks(drive),
          newWorkFolder: () => new WorkFolder(drive),
        }),
    });
  },
};

const drawing: JupyterFrontEndPlugin<void> = {
  id: "deepseek-v3-course-in-a-tab:plots",
  description: "Draws plots, for which the page fetches Plotly when it has time.",
  autoStart: true,
  requires: [IRenderMimeRegistry, INotebookTracker],
  activate: (_: JupyterFrontEnd, registry: IRenderMimeRegistry, tracker: INotebookTracker) => {
    registry.addFactory(plots, 2);
    const whenIdle = () => void requestIdleCallback(() => void prepare().catch(() => {})); // the first plot tells
    tracker.widgetAdded.connect((_, panel) => void panel.context.ready.then(whenIdle));
  },
};

const work: JupyterFrontEndPlugin<void> = {
  id: "deepseek-v3-course-in-a-tab:work",
  description: "Keeps the learner's work: over new versions, in two tabs, when storage is full, without a network.",
  autoStart: true,
  requires: [IDefaultDrive, INotebookTracker],
  activate: async (app: JupyterFrontEnd, drive: BrowserDrive, tracker: INotebookTracker) => {
    let persistent = false;
    guardStorage(drive, () => {
      if (!persistent) void navigator.storage?.persist?.();
      persistent = true;
    });

    const path = (panel: { context: { path: string } }) => panel.context.path;
    const channel = new BroadcastChannel(`course tabs ${PageConfig.getBaseUrl()}`);
    const opened = watchOtherTabs(
      channel,
      (file) => tracker.find((panel) => path(panel) === file) !== undefined,
      (file) =>
        Notification.warning(
          `${file} is open in another tab as well. Work in one of them: each saves the whole notebook, and what the other ` +
            "saved would be replaced. Before that happens you are asked.",
          { autoClose: false },
        ),
    );
    tracker.widgetAdded.connect((_, panel) => {
      void panel.context.ready.then(() => {
        opened(path(panel));
        setTimeout(keepForOffline, QUIET_MS);
      });
    });

    if (window.innerWidth < NARROW) void app.restored.then(() => (app.shell as Partial<LabShell>).collapseLeft?.());

    // What a workspace had open comes later, and in front, otherwise.
    if (asked !== null) void app.restored.then(() => app.commands.execute("docmanager:open", { path: asked }));

    const problems = (error: unknown) => console.error(`The learner's copies: ${String(error)}`);
    void startServiceWorker(PageConfig.getBaseUrl());
    await bringCopiesUpToDate(app, drive).catch(problems);
  },
};

export default [kernel, drawing, work];
