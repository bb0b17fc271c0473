/**
 * The source as tokens. What is no token is reported as the original's lexer does, and skipped; `//` begins a comment.
 * Holds: the last token is always the end of the source.
 */
import { step } from "@kubets/machinery/stretch";
import type { Issues } from "./issue.ts";

type TokenKind =
  | "punctuation"
  | "identifier"
  | "quoted"
  | "int"
  | "uint"
  | "float"
  | "string"
  | "bytes"
  | "keyword"
  | "end";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: number;
}

const BLANK = /(?:[ \t\r\n\f]|\/\/[^\n]*)+/y;
const IDENTIFIER = /[A-Za-z_][A-Za-z0-9_]*/y;
const QUOTED = /`[A-Za-z0-9_.\-/ ]+`/y;
const FLOAT = /(?:[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)/y;
const INTEGER = /(?:0x[0-9a-fA-F]+|[0-9]+)[uU]?/y;
const PUNCTUATION = /==|!=|<=|>=|&&|\|\||[[\]{}().,\-!?:+*/%<>]/y;
/** Prefixes, then the quotes; the body is taken by `endOfString`. */
const STRING_START = /(?:[rR][bB]|[bB][rR]|[rR]|[bB])?("""|'''|"|')/y;
const KEYWORDS = new Set(["true", "false", "null", "in"]);

/** An escape that the language knows; another one ends the token as an error. */
const ESCAPE = /\\(?:[abfnrtv"'\\?`]|x[0-9a-fA-F]{2}|X[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})/y;

export function tokenize(source: string, issues: Issues): Token[] {
  const tokens: Token[] = [];
  for (let at = endOfBlank(source, 0); at < source.length; at = endOfBlank(source, at)) {
    const { kind, end } = tokenAt(source, at);
    step(4 + ((end - at) >> 2));
    if (kind === undefined) tellUnknown(source, at, end, issues);
    else
      tokens.push({ kind: kind === "identifier" ? wordKind(source, at, end) : kind, text: source.slice(at, end), at });
    at = end;
  }
  tokens.push({ kind: "end", text: "<EOF>", at: source.length });
  return tokens;
}

const endOfBlank = (source: string, at: number): number => endOf(BLANK, source, at) ?? at;

const wordKind = (source: string, at: number, end: number): TokenKind =>
  KEYWORDS.has(source.slice(at, end)) ? "keyword" : "identifier";

/** Where the form ends that begins here, if it does. */
function endOf(form: RegExp, source: string, at: number): number | undefined {
  form.lastIndex = at;
  return form.test(source) ? form.lastIndex : undefined;
}

/** The token here, or without a kind where the source stops being one. */
function tokenAt(source: string, at: number): { kind: TokenKind | undefined; end: number } {
  const letter = source[at] as string;
  if ("'\"rRbB".includes(letter)) {
    const string = stringAt(source, at);
    if (string) return string;
  }
  if (letter === "." || (letter >= "0" && letter <= "9")) {
    const float = endOf(FLOAT, source, at);
    if (float !== undefined) return { kind: "float", end: float };
    const integer = endOf(INTEGER, source, at);
    if (integer !== undefined)
      return { kind: /[uU]/.test(source[integer - 1] as string) ? "uint" : "int", end: integer };
  }
  const word = endOf(IDENTIFIER, source, at);
  if (word !== undefined) return { kind: "identifier", end: word };
  const punctuation = endOf(PUNCTUATION, source, at);
  if (punctuation !== undefined) return { kind: "punctuation", end: punctuation };
  const quoted = endOf(QUOTED, source, at);
  if (quoted !== undefined) return { kind: "quoted", end: quoted };
  return { kind: undefined, end: Math.min(at + lengthOfWrong(source, at), source.length) };
}

function stringAt(source: string, at: number): { kind: TokenKind | undefined; end: number } | undefined {
  STRING_START.lastIndex = at;
  const opening = STRING_START.exec(source);
  if (!opening) return undefined;
  const { ok, at: end } = endOfString(source, at, opening[0], opening[1] as string);
  return { kind: ok ? (/b/i.test(opening[0]) ? "bytes" : "string") : undefined, end };
}

function tellUnknown(source: string, at: number, end: number, issues: Issues): void {
  const text = source.slice(at, end).replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t");
  issues.report(at, `Syntax error: token recognition error at: '${text}'`);
}

/** What begins like a token is wrong together with the character at which it stops being one. */
function lengthOfWrong(source: string, at: number): number {
  const letter = source.codePointAt(at) as number;
  const own = letter > 0xffff ? 2 : 1;
  if (source[at] === "`") return 1 + (/^[A-Za-z0-9_.\-/ ]*/.exec(source.slice(at + 1))?.[0].length ?? 0) + 1;
  if (!"|&=".includes(source[at] as string)) return own;
  const next = source.codePointAt(at + 1);
  return next === undefined ? own : own + (next > 0xffff ? 2 : 1);
}

/** Where a string ends, or where it stops being one. */
function endOfString(source: string, start: number, opening: string, quotes: string): { ok: boolean; at: number } {
  const raw = /r/i.test(opening);
  const long = quotes.length === 3;
  for (let at = start + opening.length; at < source.length; ) {
    if (source.startsWith(quotes, at)) return { ok: true, at: at + quotes.length };
    const letter = source[at];
    if (!long && (letter === "\n" || letter === "\r")) return { ok: false, at: at + 1 };
    if (letter === "\\" && !raw) {
      ESCAPE.lastIndex = at;
      const escape = ESCAPE.exec(source)?.[0];
      if (escape === undefined) return { ok: false, at: Math.min(at + wrongEscape(source, at), source.length) };
      at += escape.length;
    } else at++;
  }
  return { ok: false, at: source.length };
}

/** The length of what begins like an escape, with the character at which it stops being one. */
function wrongEscape(source: string, at: number): number {
  const begun = /^\\(?:[xX][0-9a-fA-F]?|u[0-9a-fA-F]{0,3}|U[0-9a-fA-F]{0,7}|[0-3][0-7]?|)/.exec(
    source.slice(at, at + 10),
  );
  return (begun?.[0].length ?? 1) + 1;
}
