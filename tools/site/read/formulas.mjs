/*
 * Formulas, set while the site is built: a page carries what KaTeX made of them, as MathML for those who listen and as
 * boxes for those who look, and needs neither a script nor a network for it.
 */
import { createRequire } from "node:module";

/** @type {{ renderToString(tex: string, options: object): string }} */
const katex = createRequire(import.meta.url)("katex");

/** As conf.py leaves a formula. */
const FORMULA = /<(?<tag>span|div) class="course-math">(?<tex>[^<]*)<\/\k<tag>>/g;

/** @type {Record<string, string>} */
const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'", "&#39;": "'" };

/**
 * @param {string} html a page
 * @param {string} page its name, for errors
 * @throws {Error} naming the page and a formula that is none
 */
export function setFormulas(html, page) {
  return html.replace(FORMULA, (...found) => {
    const { tag, tex } = found.at(-1);
    const plain = tex.replace(/&(amp|lt|gt|quot|#x27|#39);/g, (/** @type {string} */ entity) => ENTITIES[entity]);
    try {
      const set = katex.renderToString(plain, { displayMode: tag === "div", throwOnError: true, strict: "ignore" });
      return `<${tag} class="course-math">${set}</${tag}>`;
    } catch (error) {
      throw new Error(`${page}: the formula ${plain} can't be set: ${/** @type {Error} */ (error).message}`);
    }
  });
}
