/** Writing files so that nobody ever finds half of them. */
import { host } from "../host";

/**
 * Files that appear together: written aside as `<path>.partial`, put in place by commit. An interruption leaves what was
 * there before.
 *
 * @example
 * const files = new FilesAside();
 * try { await writeSafetensors(files.aside("a.safetensors"), tensors); files.commit(); } finally { files.discard(); }
 */
export class FilesAside {
  private readonly paths = new Set<string>();

  /** Where to write what belongs at the path. */
  aside(path: string): string {
    this.paths.add(path);
    return `${path}.partial`;
  }

  /** Puts all files in place, in the order in which they were asked for. */
  commit(): void {
    for (const path of this.paths) {
      host.move(`${path}.partial`, path);
      this.paths.delete(path);
    }
  }

  /** Removes what was not committed. */
  discard(): void {
    for (const path of this.paths) host.remove(`${path}.partial`);
  }
}
