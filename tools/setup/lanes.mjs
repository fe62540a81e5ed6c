/*
 * Jobs that are done beside each other. One that leaves a core idle much of its time (light) stands beside one that
 * keeps all of them busy, as long as there are both kinds.
 */

/**
 * @typedef {object} Job
 * @property {boolean} [light]
 * @property {boolean} [alone] whether it changes what others use: it comes last, with nothing beside it
 */

/**
 * Takes the job that comes next: beside heavy jobs alone a light one, beside a light one a heavy one; if there is none of
 * the kind, or nothing runs, the first.
 * @template {Job} J
 * @param {J[]} waiting
 * @param {Set<J>} running
 * @returns {J | undefined}
 */
function take(waiting, running) {
  const light = ![...running].some((job) => job.light);
  const fitting = running.size === 0 ? 0 : waiting.findIndex((job) => (job.light ?? false) === light);
  return waiting.splice(Math.max(fitting, 0), 1)[0];
}

/**
 * Does jobs, so many at a time. With one lane they keep their order.
 * @template {Job} J
 * @param {J[]} jobs
 * @param {number} lanes
 * @param {(job: J) => Promise<void>} work
 */
export async function inLanes(jobs, lanes, work) {
  const apart = lanes === 1 ? [] : jobs.filter(({ alone }) => alone);
  const waiting = jobs.filter((job) => !apart.includes(job));
  /** @type {Set<J>} */
  const running = new Set();
  const lane = async () => {
    for (let job = take(waiting, running); job !== undefined; job = take(waiting, running)) {
      running.add(job);
      await work(job);
      running.delete(job);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  for (const job of apart) await work(job);
}
