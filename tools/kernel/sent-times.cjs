/**
 * When a client sent a message, by the kernel's clock. Messages carry the sender's own time, and a browser's clock may be
 * off by any amount. Each message takes some time to arrive, so of all messages of one client the one that took the
 * shortest says how the clocks differ.
 *
 * @typedef {{ session?: string, date?: string | Date }} Header
 */
class SentTimes {
  /** By session, the least that a message was received after the time it carries, in milliseconds. @type {Map<string, number>} */
  #behind = new Map();

  /**
   * A message has arrived.
   *
   * @param {Header} header
   * @param {number} now in milliseconds since 1970
   */
  received({ session = "", date }, now) {
    const behind = now - new Date(date ?? NaN).getTime();
    if (!Number.isNaN(behind)) this.#behind.set(session, Math.min(this.#behind.get(session) ?? Infinity, behind));
  }

  /**
   * @param {Header} header of a message that has arrived
   * @returns {number} when it was sent, in milliseconds since 1970; NaN if it doesn't say
   */
  of({ session = "", date }) {
    return new Date(date ?? NaN).getTime() + (this.#behind.get(session) ?? NaN);
  }
}

module.exports = { SentTimes };
