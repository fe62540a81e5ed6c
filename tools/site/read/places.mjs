/*
 * Which page each file of the project has, and where links lead. Lessons and docs/ are at the site's root; any other file
 * that something links to gets a page at its own path, since a reader has no checkout to look into.
 */
import fs from "node:fs";
import path from "node:path";

/** Longer files are no reading; nothing links to one so far. */
const LONGEST = 200_000;
const TEXT = /\.(ts|mts|mjs|cjs|js|py|json|toml|yaml|yml|txt|csv|css|html|md)$|(^|\/)(LICENSE|Dockerfile)$/;

/** Markdown's code, which is left as it is, and the target of a link. Pictures are not links. */
const MARKDOWN_LINK = /(?<code>(?<ticks>`+)(?!`)[^]*?(?<!`)\k<ticks>(?!`))|(?<!!\[[^\]]*)\]\((?<target>[^)\s]+)\)/g;
const HTML_LINK = /\bhref="(?<target>[^"]+)"/g;

/**
 * The id that Sphinx gives a heading, from the one that a code host gives it.
 * @param {string} fragment without #
 */
export function headingId(fragment) {
  return fragment
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[-0-9]+|-+$/g, "");
}

/**
 * The name of a file's page, without an ending; null if it can't have one.
 * @param {string} root
 * @param {string} file from the root, with slashes
 */
export function pageOf(root, file) {
  if (file === "README.md" || file === "." || file === "") return "index";
  const lesson = /^notebooks\/(?:solutions\/)?(\d\d-[^/]+)\.ipynb$/.exec(file)?.[1];
  const there = fs.statSync(path.join(root, file), { throwIfNoEntry: false });
  if (!there?.isFile()) return null;
  if (lesson !== undefined) return lesson;
  if (!TEXT.test(file) || there.size > LONGEST) return null;
  return file.replace(/^docs\/(?=[^/]+\.md$)/, "").replace(/\.md$/, "");
}

/** The links of all texts, and the files that they need pages for. */
export class Places {
  /** @param {string} root the project's folder */
  constructor(root) {
    this.root = root;
    /**
     * What was linked to so far: page by file.
     * @type {Map<string, string>}
     */
    this.linked = new Map();
    /**
     * Links that lead nowhere on the site, with the text that has them.
     * @type {string[]}
     */
    this.lost = [];
  }

  /**
   * What a link becomes: relative to the page that has it; null if there is no page for it.
   * @param {string} target as it was written
   * @param {string} from the file that it was written in, or for
   */
  resolve(target, from) {
    if (/^([a-z][a-z+.-]*:|\/\/)/i.test(target)) return target;
    const [name, fragment = ""] = target.split("#");
    const id = /^cell-id=(.+)/.exec(fragment)?.[1] ?? headingId(fragment);
    const end = fragment === "" ? "" : `#${id}`;
    if (name === "") return end === "" ? target : end;
    const file = path.posix.normalize(path.posix.join(path.posix.dirname(from), decodeURIComponent(name)));
    const [page, own] = [pageOf(this.root, file), pageOf(this.root, from)];
    if (page === null || own === null) {
      this.lost.push(`${from}: ${target}`);
      return null;
    }
    this.linked.set(file, page);
    return `${path.posix.relative(path.posix.dirname(own), page)}.html${end}`;
  }

  /**
   * Markdown whose links lead to pages. What leads nowhere on the site is text.
   * @param {string} text
   * @param {string} from
   */
  inMarkdown(text, from) {
    return text.replace(MARKDOWN_LINK, (found, ...rest) => {
      const { target } = rest.at(-1);
      if (target === undefined) return found;
      const to = this.resolve(target, from);
      return to === null ? "]" : `](${to})`;
    });
  }

  /**
   * @param {string} html
   * @param {string} from
   */
  inHtml(html, from) {
    return html.replace(HTML_LINK, (_, target) => {
      const to = this.resolve(target, from);
      return to === null ? "" : `href="${to}"`;
    });
  }
}
