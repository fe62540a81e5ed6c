/**
 * Keeps every message of a burst.
 *
 * After 512 messages without a pause zeromq's `send` waits for the event loop. tslab does not await it, and a second
 * `send` meanwhile is refused: output is lost, and with it the message that the cell has ended, so that the client
 * waits for ever. With no time to wait and no limit on the queue, `send` always hands its message over at once.
 */
const zeromq = require("zeromq");

/** Must be called before the server creates its sockets. */
function makePublisherUnlimited() {
  const { Publisher } = zeromq;
  Object.assign(zeromq, {
    Publisher: class extends Publisher {
      constructor() {
        super({ sendTimeout: 0, sendHighWaterMark: 0 });
      }
    },
  });
}

module.exports = { makePublisherUnlimited };
