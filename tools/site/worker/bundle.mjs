/**
 * Makes what the kernel in a tab runs: one folder of static files.
 *
 *     worker.js          kernel, lib, tfjs: a module worker (`new Worker(url, { type: "module" })`)
 *     manifest.json      which files there are (manifest.ts)
 *     *.wasm             of tfjs's backend
 *     files/             data, corpus, checkpoints, types: names with their hash, to be cached for good
 */

/**
 * @param {object} options
 * @param {string} options.project the root of the course
 * @param {string} options.out the folder to write, emptied first; served as `base` of the protocol's `start`
 * @param {(line: string) => void} [options.say] what is going on
 * @returns {Promise<{ files: { file: string, bytes: number }[], bytes: number }>} all that was written
 */
export async function bundleWorker({ project, out, say = () => {} }) {
  throw new Error(`bundleWorker is being written: ${project}, ${out}, ${say}`);
}
