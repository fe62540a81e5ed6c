/**
 * Keeps the kernel's heap near what is in use.
 *
 * Each cell that is compiled leaves some 20 MB of garbage. V8 lets it lie until the heap is several times what is in
 * use: on a machine that a class shares, every kernel holds several hundred MB of nothing. Collecting sooner costs
 * processor time, most of it beside the running cell: at half more than is in use none could be measured in a lesson, at
 * 30% it was an eighth in another.
 */
const v8 = require("node:v8");

/** How far the heap may grow over what was in use after the last collection, in percent. */
const GROWTH_PERCENT = 50;

/** Must be called before much has been allocated. A V8 without this flag says so, and goes on; Node 24's hardly heeds it. */
function keepHeapSmall() {
  v8.setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}

module.exports = { keepHeapSmall };
