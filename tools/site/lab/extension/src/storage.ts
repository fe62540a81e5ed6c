/*
 * A browser gives a site so much storage and no more. JupyterLite keeps five earlier states of each file beside it: when
 * there is no room left these go first. If that does not help, the learner is told what to do, and the notebook stays
 * unsaved in the page, where nothing of it is lost.
 */

interface Forage {
  clear(): Promise<void>;
}

/** What we use of JupyterLite's drive. */
export interface Drive {
  save(path: string, options?: object): Promise<unknown>;
  createCheckpoint(path: string): Promise<{ id: string; last_modified: string }>;
  checkpoints: Promise<Forage>;
}

export function isFull(error: unknown): boolean {
  const { name, message } = (error ?? {}) as Partial<Error>;
  return /quota/i.test(`${name} ${message}`) || name === "NS_ERROR_DOM_QUOTA_REACHED";
}

const OPEN_IN_PAGE = {
  state:
    "It is not saved, and still whole in this page: before you close it, choose File, Download, which needs no room. Then",
  again: "save again",
};

export class StorageFull extends Error {
  /** @param being what has become of the file, up to what to do, and what to do at last */
  constructor(path: string, { state, again } = OPEN_IN_PAGE) {
    super(
      `The browser has no room left to keep ${path}. ${state} delete files that you no longer need (the list on the left; ` +
        `download them first), or free storage in the browser's settings, and ${again}.`,
    );
    this.name = "StorageFull";
  }
}

/** Has the drive make room, and say so where it can't. `firstSave` is called when something is to be kept. */
export function guardStorage(drive: Drive, firstSave: () => void): void {
  const save = drive.save.bind(drive);
  const createCheckpoint = drive.createCheckpoint.bind(drive);
  drive.save = async (path, options) => {
    firstSave();
    try {
      return await save(path, options);
    } catch (error) {
      if (!isFull(error)) throw error;
    }
    await (await drive.checkpoints).clear();
    try {
      return await save(path, options);
    } catch (error) {
      throw isFull(error) ? new StorageFull(path) : error;
    }
  };
  // An earlier state that can't be kept is no loss of work.
  drive.createCheckpoint = async (path) => {
    try {
      return await createCheckpoint(path);
    } catch (error) {
      if (!isFull(error)) throw error;
      return { id: "0", last_modified: new Date().toISOString() };
    }
  };
}
