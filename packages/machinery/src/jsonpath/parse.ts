/**
 * Parses kubectl's dialect of JSONPath: text with `{...}` in it, `range` and `end`, filters, slices, unions, `..`.
 * Holds: throws a JsonPathError; what it gives needs no further checks.
 */
import { JsonPathError, type Node, type Operand, type Step } from "./nodes.ts";

export function parseJsonPath(template: string): Node[] {
  const stack: { steps: readonly Step[]; body: Node[] }[] = [{ steps: [], body: [] }];
  const put = (node: Node) => stack.at(-1)?.body.push(node);
  for (const part of partsOf(template)) {
    if (part.text !== undefined) put({ type: "text", text: part.text });
    else if (/^range\b/.test(part.action))
      stack.push({ steps: new PathParser(part.action.slice(5).trim()).parse(), body: [] });
    else if (part.action === "end") {
      const range = stack.pop();
      if (!range || stack.length === 0) throw new JsonPathError("not in range, nothing to end");
      put({ type: "range", steps: range.steps, body: range.body });
    } else put({ type: "path", steps: new PathParser(part.action).parse() });
  }
  if (stack.length > 1) throw new JsonPathError("range without end");
  return stack[0]?.body ?? [];
}

/** A path without braces, or with: ".metadata.name", "metadata.name", "{.metadata.name}". */
export function relaxedPath(written: string): string {
  if (written === "") return written;
  const [, inner] = /^\{\.?([^{}]+)\}$/.exec(written) ?? /^\.?([^{}]+)$/.exec(written) ?? [];
  if (inner === undefined) {
    throw new JsonPathError(
      `unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'`,
    );
  }
  return `{.${inner}}`;
}

type Part =
  | { readonly text: string; readonly action?: undefined }
  | { readonly text?: undefined; readonly action: string };

function partsOf(template: string): Part[] {
  const parts: Part[] = [];
  let i = 0;
  while (i < template.length) {
    const open = template.indexOf("{", i);
    if (open !== i) parts.push({ text: template.slice(i, open < 0 ? undefined : open) });
    if (open < 0) break;
    const close = closingBrace(template, open);
    parts.push({ action: template.slice(open + 1, close).trim() });
    i = close + 1;
  }
  return parts;
}

function closingBrace(template: string, open: number): number {
  let quote = "";
  for (let i = open + 1; i < template.length; i++) {
    const letter = template[i] as string;
    if (letter === "\\") i++;
    else if (quote) quote = letter === quote ? "" : quote;
    else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === "}") return i;
    else if (letter === "{") throw new JsonPathError("unexpected { in an expression");
  }
  throw new JsonPathError("unclosed action");
}

class PathParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Step[] {
    const steps: Step[] = [];
    while (this.#at < this.#text.length) {
      const step = this.#step();
      if (step) steps.push(...step);
    }
    return steps;
  }

  #step(): Step[] | undefined {
    const letter = this.#text[this.#at] as string;
    if (letter === " " || letter === "@" || letter === "$") {
      this.#at++;
      return undefined;
    }
    if (letter === "[") return this.#brackets();
    if (letter === '"' || letter === "'") return [{ type: "literal", value: this.#quoted(letter) }];
    if (letter === ".") return this.#dot();
    const word = this.#match(/[^\s.[\]|=!<>()]+/y);
    if (word === "*") return [{ type: "wildcard" }];
    if (/^[+-]?[0-9]/.test(word) && Number.isFinite(Number(word))) return [{ type: "literal", value: Number(word) }];
    if (word === "true" || word === "false") return [{ type: "literal", value: word === "true" }];
    if (word === "") throw new JsonPathError(`unrecognized character in action: ${JSON.stringify(letter)}`);
    throw new JsonPathError(`unrecognized identifier ${word}`);
  }

  #dot(): Step[] {
    if (this.#text.startsWith("..", this.#at)) {
      this.#at += 2;
      const steps: Step[] = [{ type: "recursive" }];
      if (/[^.[\s]/.test(this.#text[this.#at] ?? "")) steps.push(...this.#name());
      return steps;
    }
    this.#at++;
    return this.#text[this.#at] === "[" ? [] : this.#name();
  }

  #name(): Step[] {
    const word = this.#match(/(?:\\.|[^\s.,[\]|=!<>()@])*/y);
    if (word === "*") return [{ type: "wildcard" }];
    return word === "" ? [] : [{ type: "field", name: word.replace(/\\(.)/g, "$1") }];
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  #quoted(quote: string): string {
    let end = this.#at + 1;
    while (end < this.#text.length && this.#text[end] !== quote) end += this.#text[end] === "\\" ? 2 : 1;
    if (end >= this.#text.length) throw new JsonPathError("unterminated quoted string");
    const inner = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return unescape(inner);
  }

  #brackets(): Step[] {
    const end = this.#closing();
    const inner = this.#text.slice(this.#at + 1, end).trim();
    this.#at = end + 1;
    if (inner.startsWith("?")) return [filterStep(inner)];
    const parts = splitOutsideQuotes(inner);
    if (parts.length > 1) return [{ type: "union", paths: parts.map((part) => [bracketStep(part.trim())].flat()) }];
    return [bracketStep(inner)].flat();
  }

  #closing(): number {
    let depth = 0;
    let quote = "";
    for (let i = this.#at; i < this.#text.length; i++) {
      const letter = this.#text[i] as string;
      if (letter === "\\") i++;
      else if (quote) quote = letter === quote ? "" : quote;
      else if (letter === '"' || letter === "'") quote = letter;
      else if (letter === "[") depth++;
      else if (letter === "]" && --depth === 0) return i;
    }
    throw new JsonPathError("unterminated array");
  }
}

function splitOutsideQuotes(text: string): string[] {
  return text.match(/(?:'[^']*'|"[^"]*"|[^,'"])+/g) ?? [text];
}

const SLICE = /^(-?[0-9]*)(:-?[0-9]*)?(:-?[0-9]*)?$/;

function bracketStep(text: string): Step | Step[] {
  if (text === "*") return { type: "wildcard" };
  // A quoted name is a path as well: its dots separate, unless they are escaped.
  if (/^('[^']*'|"[^"]*")$/.test(text)) return new PathParser(`.${text.slice(1, -1)}`).parse();
  const slice = text === "" ? undefined : SLICE.exec(text);
  if (!slice) return new PathParser(text.startsWith(".") ? text : `.${text}`).parse();
  const part = (written: string | undefined) => {
    const digits = written?.replace(":", "");
    return digits ? Number(digits) : undefined;
  };
  const [, start, end, step] = slice;
  return {
    type: "slice",
    single: end === undefined,
    ...(part(start) !== undefined && { start: part(start) }),
    ...(part(end) !== undefined && { end: part(end) }),
    ...(part(step) !== undefined && { step: part(step) }),
  } as Step;
}

function filterStep(text: string): Step {
  const [, inner] = /^\?\((.*)\)$/s.exec(text) ?? [];
  if (inner === undefined) throw new JsonPathError("unterminated filter");
  const [, left, operator, right] = /^([^!<>=]+)([!<>=]+)(.+?)$/s.exec(inner) ?? [];
  const operand = (written: string): Operand => new PathParser(written.trim()).parse();
  if (left === undefined || operator === undefined || right === undefined)
    return { type: "filter", left: operand(inner), operator: "exists", right: [] };
  if (!["==", "!=", "<", ">", "<=", ">="].includes(operator))
    throw new JsonPathError(`unrecognized filter operator ${operator}`);
  return { type: "filter", left: operand(left), operator, right: operand(right) };
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", v: "\v", a: "\x07" };

const unescape = (text: string): string =>
  text.replace(/\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)/g, (_, code: string) =>
    code.length > 1 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (ESCAPES[code] ?? code),
  );
