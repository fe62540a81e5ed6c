/**
 * Printed text on its way to the notebook: at once while there is little, in larger pieces while there is much.
 *
 * tslab sends one message for each write. Jupyter's server drops messages when a cell sends more than 1,000 a second,
 * so of 20,000 lines most would be lost between kernel and browser.
 */

const WINDOW_MS = 100;
/** Messages in one window that go out as they come: half of what the server allows. */
const MESSAGES_PER_WINDOW = 50;
/** Characters that are held back at most. */
const LONGEST_PIECE = 65_536;

class OutputStream {
  #send;
  #name = "";
  #text = "";
  #windowStart = 0;
  #sentInWindow = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {(name: string, text: string) => void} send sends one message; name is stdout or stderr */
  constructor(send) {
    this.#send = send;
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  write(name, text) {
    if (name !== this.#name) this.flush();
    this.#name = name;
    this.#text += text;
    const now = performance.now();
    if (now - this.#windowStart > WINDOW_MS) {
      this.#windowStart = now;
      this.#sentInWindow = 0;
    }
    if (this.#sentInWindow < MESSAGES_PER_WINDOW || this.#text.length > LONGEST_PIECE) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), WINDOW_MS);
  }

  /** Sends what is held back: before anything that must come after it. */
  flush() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#text === "") return;
    this.#sentInWindow++;
    this.#send(this.#name, this.#text);
    this.#text = "";
  }
}

module.exports = { OutputStream };
