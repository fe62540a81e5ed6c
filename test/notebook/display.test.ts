import { afterEach, describe, expect, it, vi } from "vitest";
import { display, inNotebook, newOutput, withDisplay } from "../../lib/notebook/display";
import { escapeHtml, inlineHtml } from "../../lib/notebook/html";
import { breathe, callWithin, checkInterrupt, isInterrupt, TimeIsUp } from "../../lib/notebook/interrupt";
import { captured } from "./captured";

afterEach(() => {
  vi.restoreAllMocks();
  Object.assign(globalThis, { courseInterrupt: undefined });
});

describe("display", () => {
  it("prints the plain text where there is no notebook", () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    display({ "text/plain": "words", "text/html": "<b>words</b>" });
    expect(log.mock.calls).toEqual([["words"]]);
    expect(inNotebook()).toBe(false);
  });

  it("gives outputs ids of their own, and says which ones replace another", async () => {
    const { shown } = await captured(() => {
      expect(inNotebook()).toBe(true);
      const output = newOutput();
      output.show({ "text/plain": "1" });
      display({ "text/plain": "other" });
      output.show({ "text/plain": "2" });
    });
    expect(shown.map(({ update }) => update)).toEqual([false, false, true]);
    expect(shown[2].id).toBe(shown[0].id);
    expect(shown[1].id).not.toBe(shown[0].id);
  });

  it("goes back to where it went before, also after an error", async () => {
    await expect(
      withDisplay(
        () => {},
        () => {
          throw new Error("inside");
        },
      ),
    ).rejects.toThrow("inside");
    expect(inNotebook()).toBe(false);
  });
});

describe("html", () => {
  it("shows exactly the text", () => {
    expect(escapeHtml(`<a href="x">'&'</a>`)).toBe("&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
    expect(inlineHtml("a `b < c`\nd")).toBe("a <code>b &lt; c</code><br>d");
  });
});

describe("interrupt", () => {
  it("asks the kernel where there is one", async () => {
    expect(() => checkInterrupt()).not.toThrow();
    const stop = () => {
      throw new Error("Interrupted");
    };
    Object.assign(globalThis, {
      courseInterrupt: {
        check: stop,
        isInterrupted: (e: unknown) => e instanceof Error && e.message === "Interrupted",
      },
    });
    expect(() => checkInterrupt()).toThrow("Interrupted");
    await expect(breathe()).rejects.toThrow("Interrupted");
    expect([new Error("Interrupted"), new Error("other")].map(isInterrupt)).toEqual([true, false]);
  });

  it("lets what waits in before it goes on", async () => {
    let heard = false;
    setImmediate(() => (heard = true));
    await breathe();
    expect(heard).toBe(true);
  });

  it("ends a call that does not come back, whether it awaits or not", async () => {
    await expect(
      callWithin(0.1, () => {
        for (;;);
      }),
    ).rejects.toBeInstanceOf(TimeIsUp);
    await expect(callWithin(0.1, () => new Promise(() => {}))).rejects.toBeInstanceOf(TimeIsUp);
  });

  it("gives back what a call returns, throws or promises", async () => {
    expect(await callWithin(5, () => 7)).toBe(7);
    expect(await callWithin(5, async () => "later")).toBe("later");
    await expect(
      callWithin(5, () => {
        throw new RangeError("now");
      }),
    ).rejects.toThrow(RangeError);
    await expect(callWithin(5, () => Promise.reject(new Error("then")))).rejects.toThrow("then");
  });
});
