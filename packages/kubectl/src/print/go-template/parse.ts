/**
 * Parses Go's text templates: actions in `{{ }}` with trim marks, pipelines, if / else / with / range, variables.
 * templates with names. Holds: throws with the reason; what it gives is a tree that can be walked without checks.
 */
export type Expression =
  | { readonly type: "literal"; readonly value: string | number | boolean | null }
  | { readonly type: "path"; readonly variable?: string; readonly fields: readonly string[] }
  | { readonly type: "call"; readonly name: string; readonly args: readonly Expression[] }
  | { readonly type: "of"; readonly value: Expression; readonly fields: readonly string[] };

export interface Pipeline {
  readonly variables: readonly string[];
  /** `=` instead of `:=`. */
  readonly assigns: boolean;
  readonly value: Expression;
}

export type TemplateNode =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "print"; readonly pipeline: Pipeline }
  | {
      readonly type: "if" | "with" | "range";
      readonly pipeline: Pipeline;
      readonly body: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[];
    }
  | { readonly type: "template"; readonly name: string; readonly pipeline: Pipeline | undefined }
  | { readonly type: "break" | "continue" };

export interface ParsedTemplate {
  readonly nodes: readonly TemplateNode[];
  /** What `define` and `block` give names. */
  readonly named: ReadonlyMap<string, readonly TemplateNode[]>;
}

type Token = { readonly kind: "word" | "string" | "number" | "sign"; readonly text: string; readonly spaced: boolean };

const PARTS = /\{\{(-\s)?\s*(\/\*[\s\S]*?\*\/|(?:"(?:\\.|[^"\\])*"|`[^`]*`|(?!\}\})[\s\S])*?)\s*(\s-)?\}\}/g;

export function parseTemplate(source: string): ParsedTemplate {
  const parts: { text?: string; action?: string }[] = [];
  let end = 0;
  let trim = false;
  const text = (written: string) => parts.push({ text: trim ? written.trimStart() : written });
  for (const match of source.matchAll(PARTS)) {
    const before = source.slice(end, match.index);
    text(match[1] ? before.trimEnd() : before);
    trim = match[3] !== undefined;
    end = match.index + match[0].length;
    if (!match[2]?.startsWith("/*")) parts.push({ action: match[2] ?? "" });
  }
  const rest = source.slice(end);
  if (rest.includes("{{")) throw new Error("unclosed action");
  text(rest);
  return new TreeParser(parts).whole();
}

class TreeParser {
  readonly #parts: { text?: string; action?: string }[];
  readonly #named = new Map<string, readonly TemplateNode[]>();
  #depth = 0;

  constructor(parts: { text?: string; action?: string }[]) {
    this.#parts = parts;
  }

  whole(): ParsedTemplate {
    const { nodes, end } = this.#block();
    if (end !== undefined) throw new Error(`unexpected {{${end}}}`);
    return { nodes, named: this.#named };
  }

  /** Up to an `end` or `else`, which is given too. */
  #block(): { nodes: TemplateNode[]; end?: string } {
    const nodes: TemplateNode[] = [];
    for (let part = this.#parts.shift(); part; part = this.#parts.shift()) {
      if (part.action === undefined) {
        if (part.text) nodes.push({ type: "text", text: part.text });
        continue;
      }
      const [, word = ""] = /^([a-z]+)\b/.exec(part.action) ?? [];
      if (word === "end" || word === "else") return { nodes, end: part.action };
      if (word === "define") this.#define(part.action);
      else nodes.push(this.#node(word, part.action));
    }
    return { nodes };
  }

  #node(word: string, action: string): TemplateNode {
    if (word === "if" || word === "with" || word === "range") return this.#control(word, action.slice(word.length));
    if (action === "break" || action === "continue") return { type: action };
    if (word === "template") return templateNode(action);
    if (word === "block") {
      const node = templateNode(action);
      if (!node.pipeline) throw new Error("missing value for block clause");
      this.#named.set(node.name, this.#body());
      return node;
    }
    return { type: "print", pipeline: parsePipeline(action) };
  }

  #define(action: string): void {
    if (this.#depth > 0) throw new Error("unexpected {{define}}");
    const { name, pipeline } = templateNode(action);
    if (pipeline) throw new Error(`unexpected ${JSON.stringify(action)} in define clause`);
    this.#named.set(name, this.#body());
  }

  /** Up to its own `end`. */
  #body(): TemplateNode[] {
    this.#depth++;
    const { nodes, end } = this.#block();
    this.#depth--;
    if (end === undefined) throw new Error("unexpected EOF");
    if (end !== "end") throw new Error(`unexpected {{${end}}}`);
    return nodes;
  }

  #control(type: "if" | "with" | "range", condition: string): TemplateNode {
    const pipeline = parsePipeline(condition);
    const { nodes: body, end } = this.#block();
    if (end === undefined) throw new Error("unexpected EOF");
    if (end === "end") return { type, pipeline, body, otherwise: [] };
    const [, next, rest] = /^else\s+(if|with)\b(.*)$/s.exec(end) ?? [];
    if (next) return { type, pipeline, body, otherwise: [this.#control(next as "if", rest ?? "")] };
    const last = this.#block();
    if (last.end !== "end") throw new Error("unexpected EOF");
    return { type, pipeline, body, otherwise: last.nodes };
  }
}

/** `template "name"`, `template "name" pipeline`; and the same for `define` and `block`. */
function templateNode(action: string): Extract<TemplateNode, { type: "template" }> {
  const [, word = "", name = "", rest = ""] = /^(\w+)\s+("(?:\\.|[^"\\])*"|`[^`]*`)\s*([\s\S]*)$/.exec(action) ?? [];
  if (!word) throw new Error(`unexpected ${JSON.stringify(action)}: the name of a template must stand in quotes`);
  return { type: "template", name: unquote(name), pipeline: rest.trim() === "" ? undefined : parsePipeline(rest) };
}

const TOKENS = /\s*(?:("(?:\\.|[^"\\])*"|`[^`]*`)|([+-]?[0-9][0-9.eE]*)|(:=|[|(),=])|([$.A-Za-z_][\w.$]*))/y;

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  TOKENS.lastIndex = 0;
  while (TOKENS.lastIndex < source.trimEnd().length) {
    const from = TOKENS.lastIndex;
    const match = TOKENS.exec(source);
    if (!match) throw new Error(`unexpected ${JSON.stringify(source.slice(from).trim()[0])} in command`);
    const spaced = /^\s/.test(match[0]) || from === 0;
    const [, string, number, sign, word] = match;
    if (string !== undefined) tokens.push({ kind: "string", text: string, spaced });
    else if (number !== undefined) tokens.push({ kind: "number", text: number, spaced });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: sign, spaced });
    else tokens.push({ kind: "word", text: word as string, spaced });
  }
  return tokens;
}

function parsePipeline(source: string): Pipeline {
  const tokens = tokensOf(source);
  const at = tokens.findIndex(({ kind, text }) => kind === "sign" && (text === ":=" || text === "="));
  const variables = tokens.slice(0, Math.max(at, 0)).flatMap(({ kind, text }) => (kind === "word" ? [text] : []));
  const assigns = at >= 0 && tokens[at]?.text === "=";
  const rest = tokens.slice(at + 1);
  const value = pipe(rest);
  if (rest.length > 0) throw new Error(`unexpected ${JSON.stringify(rest[0]?.text)} in command`);
  return { variables, assigns, value };
}

/** Takes from the front of the tokens up to a closing parenthesis. */
function pipe(tokens: Token[]): Expression {
  let value = command(tokens, undefined);
  while (tokens[0]?.text === "|" && tokens[0].kind === "sign") {
    tokens.shift();
    value = command(tokens, value);
  }
  return value;
}

function command(tokens: Token[], last: Expression | undefined): Expression {
  const operands: Expression[] = [];
  while (tokens.length > 0 && !(tokens[0]?.kind === "sign" && "|)".includes(tokens[0].text)))
    operands.push(operand(tokens));
  const [first, ...args] = operands;
  if (!first) throw new Error("missing value for command");
  if (last) args.push(last);
  if (first.type === "call") return { ...first, args };
  if (args.length > 0) throw new Error("can't give argument to non-function");
  return first;
}

function operand(tokens: Token[]): Expression {
  const token = tokens.shift() as Token;
  if (token.kind === "string") return { type: "literal", value: unquote(token.text) };
  if (token.kind === "number") return { type: "literal", value: Number(token.text) };
  if (token.kind === "sign") {
    if (token.text !== "(") throw new Error(`unexpected ${JSON.stringify(token.text)} in operand`);
    const value = pipe(tokens);
    if (tokens.shift()?.text !== ")") throw new Error("unclosed left paren");
    const next = tokens[0];
    if (next?.kind === "word" && next.text.startsWith(".") && !next.spaced) {
      tokens.shift();
      return { type: "of", value, fields: fieldsOf(next.text) };
    }
    return value;
  }
  return wordOperand(token.text);
}

function wordOperand(word: string): Expression {
  if (word === "true" || word === "false") return { type: "literal", value: word === "true" };
  if (word === "nil") return { type: "literal", value: null };
  if (word.startsWith(".")) return { type: "path", fields: fieldsOf(word) };
  if (word.startsWith("$")) {
    const [variable = "$", ...fields] = word.split(".");
    return { type: "path", variable, fields };
  }
  return { type: "call", name: word, args: [] };
}

const fieldsOf = (word: string): string[] => word.split(".").filter((field) => field !== "");

function unquote(text: string): string {
  if (text.startsWith("`")) return text.slice(1, -1);
  return JSON.parse(
    text.replace(/\\([av'])/g, (_, letter: string) => ({ a: "\\u0007", v: "\\u000b", "'": "'" })[letter] ?? ""),
  ) as string;
}
