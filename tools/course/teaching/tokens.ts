/*
 * A cell's text as TypeScript reads it: tokens, without comments, blanks and line endings. Two texts with the same tokens
 * are the same code.
 */
import ts from "@tslab/typescript-for-tslab"; // the kernel's: a learner has no other

export interface Token {
  kind: ts.SyntaxKind;
  text: string;
}

export function tokensOf(source: string): Token[] {
  const scanner = ts.createScanner(ts.ScriptTarget.ES2022, true, ts.LanguageVariant.Standard, source);
  const tokens: Token[] = [];
  for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
    tokens.push({ kind, text: scanner.getTokenText() });
  }
  return tokens;
}

/** A text that is the same for the same code, however it is laid out and whatever is remarked in it. */
export function codeOf(source: string): string {
  return tokensOf(source)
    .map(({ text }) => text)
    .join(" ");
}
