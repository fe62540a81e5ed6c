/** A model on a web server, loaded. Of a large one that is long: its tensors are inspected rather than loaded. */
import { readConfig } from "../config-json";
import { loadCheckpoint, type Checkpoint } from "../checkpoint";
import { readJsonOf } from "../json-file";
import { RemoteFiles, type RemoteOptions } from "./remote-files";

/**
 * Fetches a model and loads it.
 *
 * @throws as RemoteFiles.open and loadCheckpoint
 */
export async function loadRemote(address: string, options: RemoteOptions): Promise<Checkpoint> {
  const files = await RemoteFiles.open(address, options);
  readConfig(readJsonOf(files, "config.json")); // before anything large is fetched
  const tensors = await files.tensors();
  await files.fetchTensors(tensors, tensors.names, "all tensors");
  return loadCheckpoint(files);
}
