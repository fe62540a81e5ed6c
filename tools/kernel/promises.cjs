/**
 * What console.log and a cell's last line say of a promise. Node shows what it keeps about it for its own ends, and a
 * reader who has forgotten an `await` gets no word of that. (`console.dir` shows what Node shows.)
 */

/** What console.log calls to print an object; the same in Node and in the kernel of a tab. */
const PRINTED_AS = Symbol.for("nodejs.util.inspect.custom");

/** Has promises printed in words. */
function printPromises() {
  Object.defineProperty(Promise.prototype, PRINTED_AS, {
    configurable: true,
    value: () => "a promise: await gives its value",
  });
}

module.exports = { printPromises };
