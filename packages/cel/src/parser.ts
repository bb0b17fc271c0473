/**
 * The source as a tree, by recursive descent; macros are unfolded where they are met.
 * Words its errors as the original's parser does, up to the first from which it cannot simply go on.
 * Holds: depth is bounded, so that no source can exhaust the stack.
 */
import { step } from "@kubets/machinery/stretch";
import type { Expr, FieldEntry, MapEntry } from "./ast.ts";
import type { Issues } from "./issue.ts";
import { type Token, tokenize } from "./lexer.ts";
import { bytesLiteral, doubleLiteral, intLiteral, stringLiteral, uintLiteral } from "./literals.ts";
import { type Macro, MacroError, type Macros } from "./macros.ts";
import { characters } from "./sizes.ts";

const MAX_DEPTH = 250;
const MAX_LENGTH = 100_000;

const RESERVED = new Set(
  "as break const continue else for function if import let loop package namespace return var void while".split(" "),
);

/** What may begin an expression, as the original lists it. */
const STARTS =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
const REST = STARTS.slice(STARTS.indexOf("'true'"));
/** The same at the beginning of a list or map, and what may begin a field. */
const ITEMS = `{'[', ']', '{', '(', '.', ',', '-', '!', '?', ${REST}`;
const ENTRIES = `{'[', '{', '}', '(', '.', ',', '-', '!', '?', ${REST}`;
const FIELDS = "{'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}";
const RELATIONS: Readonly<Record<string, string>> = {
  "<": "_<_",
  "<=": "_<=_",
  ">": "_>_",
  ">=": "_>=_",
  "==": "_==_",
  "!=": "_!=_",
  in: "@in",
};
const SUMS: Readonly<Record<string, string>> = { "+": "_+_", "-": "_-_" };
const PRODUCTS: Readonly<Record<string, string>> = { "*": "_*_", "/": "_/_", "%": "_%_" };

/** What may follow an expression is left standing when an error is passed over. */
const CLOSERS = new Set([")", "]", "}", ".", ",", ":", "<EOF>"]);

/** Thrown to stop at a syntax error that has been told. */
class Stop extends Error {}

/** The tree, or undefined where the issues tell why there is none. */
export function parse(source: string, macros: Macros, issues: Issues): Expr | undefined {
  if (source.length > MAX_LENGTH) {
    const size = characters(source);
    if (size > MAX_LENGTH) {
      issues.report(undefined, `expression code point size exceeds limit: size: ${size}, limit ${MAX_LENGTH}`);
      return undefined;
    }
  }
  const parser = new Parser(tokenize(source, issues), macros, issues);
  try {
    const tree = parser.whole();
    return issues.any ? undefined : tree;
  } catch (error) {
    if (error instanceof Stop) return undefined;
    throw error;
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #macros: Macros;
  readonly #issues: Issues;
  #next = 0;
  #depth = 0;
  #ids = 0;

  constructor(tokens: readonly Token[], macros: Macros, issues: Issues) {
    this.#tokens = tokens;
    this.#macros = macros;
    this.#issues = issues;
  }

  whole(): Expr {
    const tree = this.#expression();
    if (this.#token.kind !== "end") {
      const extra = this.#tokens[this.#next + 1]?.kind === "end";
      this.#wrong(`${extra ? "extraneous" : "mismatched"} input '${this.#token.text}' expecting <EOF>`);
    }
    return tree;
  }

  get #token(): Token {
    return this.#tokens[this.#next] as Token;
  }

  /** Whether the next token is this sign or word. */
  #is(text: string): boolean {
    const token = this.#token;
    return token.text === text && (token.kind === "punctuation" || token.kind === "keyword");
  }

  #take(): Token {
    step(10);
    const token = this.#token;
    if (token.kind !== "end") this.#next++;
    return token;
  }

  #takeIf(text: string): Token | undefined {
    return this.#is(text) ? this.#take() : undefined;
  }

  #expect(text: string): Token {
    return this.#is(text) ? this.#take() : this.#wrong(this.#mismatch(`'${text}'`));
  }

  /** A bracket that ends something; one token that stands before it is passed over. */
  #expectEnd(text: string, expected: string): void {
    if (this.#takeIf(text)) return;
    const next = this.#tokens[this.#next + 1];
    if (this.#token.kind !== "end" && next?.kind === "punctuation" && next.text === text) {
      this.#report(`extraneous input '${this.#token.text}' expecting ${expected}`);
      this.#next += 2;
    } else if (expected === "')'" && this.#token.kind === "end") this.#wrong("missing ')' at '<EOF>'");
    else this.#wrong(this.#mismatch(expected));
  }

  #mismatch(expected: string): string {
    return `mismatched input '${this.#token.text}' expecting ${expected}`;
  }

  #report(message: string): void {
    this.#issues.report(this.#token.at, `Syntax error: ${message}`);
  }

  #wrong(message: string): never {
    this.#report(message);
    throw new Stop();
  }

  #id(): number {
    return ++this.#ids;
  }

  #nested<T>(parse: () => T): T {
    if (++this.#depth > MAX_DEPTH) {
      this.#issues.report(undefined, `expression recursion limit exceeded: ${MAX_DEPTH}`);
      throw new Stop();
    }
    const result = parse();
    this.#depth--;
    return result;
  }

  #call(name: string, at: number, ...args: Expr[]): Expr {
    return { kind: "call", id: this.#id(), at, name, args };
  }

  #expression(): Expr {
    return this.#nested(() => {
      const condition = this.#or();
      const question = this.#takeIf("?");
      if (!question) return condition;
      const then = this.#or();
      this.#expect(":");
      return this.#call("_?_:_", question.at, condition, then, this.#expression());
    });
  }

  #or(): Expr {
    return this.#chain("||", "_||_", () => this.#chain("&&", "_&&_", () => this.#relation()));
  }

  /** A chain of one logical operator becomes a balanced tree, as errors and costs show. */
  #chain(sign: string, name: string, operand: () => Expr): Expr {
    const terms = [operand()];
    const places: number[] = [];
    for (let token = this.#takeIf(sign); token; token = this.#takeIf(sign)) {
      places.push(token.at);
      terms.push(operand());
    }
    const tree = (low: number, high: number): Expr => {
      const middle = Math.floor((low + high + 1) / 2);
      const left = middle === low ? (terms[middle] as Expr) : tree(low, middle - 1);
      const right = middle === high ? (terms[middle + 1] as Expr) : tree(middle + 1, high);
      return this.#call(name, places[middle] as number, left, right);
    };
    return places.length === 0 ? (terms[0] as Expr) : tree(0, places.length - 1);
  }

  #relation(): Expr {
    return this.#leftToRight(RELATIONS, () =>
      this.#leftToRight(SUMS, () => this.#leftToRight(PRODUCTS, () => this.#unary())),
    );
  }

  #leftToRight(signs: Readonly<Record<string, string>>, operand: () => Expr): Expr {
    let left = operand();
    let length = 0;
    for (;;) {
      const { kind, text, at } = this.#token;
      const name = kind === "punctuation" || kind === "keyword" ? signs[text] : undefined;
      if (name === undefined) return left;
      this.#take();
      this.#bound(++length);
      left = this.#call(name, at, left, operand());
    }
  }

  /** A long chain is a deep tree. */
  #bound(length: number): void {
    if (length <= MAX_DEPTH) return;
    this.#issues.report(undefined, "max recursion depth exceeded");
    throw new Stop();
  }

  #unary(): Expr {
    const token = this.#token;
    if (this.#is("!") || (this.#is("-") && !this.#isNumber(this.#next + 1))) {
      let count = 0;
      while (this.#is(token.text)) {
        this.#take();
        count++;
      }
      const operand = this.#member();
      return count % 2 === 0 ? operand : this.#call(token.text === "!" ? "!_" : "-_", token.at, operand);
    }
    return this.#member();
  }

  #isNumber(at: number): boolean {
    const kind = this.#tokens[at]?.kind;
    return kind === "int" || kind === "float";
  }

  #member(): Expr {
    let operand = this.#primary();
    for (let length = 1; ; length++) {
      const token = this.#token;
      if (this.#takeIf(".")) operand = this.#afterDot(operand, token.at);
      else if (this.#takeIf("[")) {
        const optional = this.#takeIf("?");
        const index = this.#expression();
        this.#expect("]");
        operand = this.#call(optional ? "_[?_]" : "_[_]", token.at, operand, index);
      } else return operand;
      this.#bound(length);
    }
  }

  #afterDot(operand: Expr, dot: number): Expr {
    const optional = this.#takeIf("?");
    const token = this.#token;
    if (token.kind === "quoted") {
      this.#take();
      const field = token.text.slice(1, -1);
      return optional ? this.#optionalSelect(operand, field, dot, token.at) : this.#select(operand, field, dot);
    }
    if (token.kind !== "identifier") this.#noField(token, optional !== undefined);
    this.#take();
    if (optional) return this.#optionalSelect(operand, token.text, dot, token.at);
    const open = this.#takeIf("(");
    if (!open) return this.#select(operand, token.text, dot);
    return this.#callOrMacro(token.text, open.at, this.#arguments(), operand);
  }

  #noField(token: Token, optional: boolean): never {
    if (optional) this.#wrong(this.#mismatch("{IDENTIFIER, ESC_IDENTIFIER}"));
    if (token.kind === "keyword") this.#wrong(this.#mismatch("IDENTIFIER"));
    this.#wrong(`no viable alternative at input '.${token.kind === "end" ? "" : token.text}'`);
  }

  #select(operand: Expr, field: string, at: number): Expr {
    return { kind: "select", id: this.#id(), at, operand, field, test: false };
  }

  #optionalSelect(operand: Expr, field: string, at: number, fieldAt: number): Expr {
    return this.#call("_?._", at, operand, { kind: "literal", id: this.#id(), at: fieldAt, value: field });
  }

  #arguments(): Expr[] {
    const args: Expr[] = [];
    if (this.#takeIf(")")) return args;
    do args.push(this.#expression());
    while (this.#takeIf(","));
    this.#expectEnd(")", "')'");
    return args;
  }

  #callOrMacro(name: string, at: number, args: Expr[], target?: Expr): Expr {
    const macro = this.#macros.find(name, args.length, target !== undefined);
    const unfolded = macro && this.#unfold(macro, at, args, target);
    return unfolded ?? { kind: "call", id: this.#id(), at, name, args, ...(target && { target }) };
  }

  #unfold(macro: Macro, at: number, args: Expr[], target?: Expr): Expr | undefined {
    try {
      return macro.unfold({ id: () => this.#id(), at, target, args });
    } catch (error) {
      if (!(error instanceof MacroError)) throw error;
      this.#issues.report(error.at, error.message);
      return { kind: "literal", id: this.#id(), at, value: null };
    }
  }

  #primary(): Expr {
    const token = this.#token;
    switch (token.kind) {
      case "identifier":
        return this.#named("");
      case "int":
      case "uint":
      case "float":
      case "string":
      case "bytes":
        this.#take();
        return this.#literal(token, false);
      case "keyword":
        if (token.text === "in") break;
        this.#take();
        return this.#constant(token.at, token.text === "null" ? null : token.text === "true");
      case "punctuation":
        return this.#bracketed(token);
    }
    return this.#noStart();
  }

  /** Goes on behind a token that does not belong here if what follows does, as the original's recovery. */
  #noStart(): Expr {
    this.#skipTo(startsExpression, STARTS);
    return this.#primary();
  }

  #skipTo(fits: (token: Token) => boolean, expected: string): void {
    const token = this.#token;
    const next = this.#tokens[this.#next + 1];
    if (token.kind !== "end" && next && fits(next)) {
      this.#report(`extraneous input '${token.text}' expecting ${expected}`);
      this.#take();
      return;
    }
    this.#report(this.#mismatch(expected));
    if (next?.kind === "end" && !CLOSERS.has(token.text) && token.kind !== "quoted") {
      this.#take();
      this.#report(this.#mismatch(STARTS));
    }
    throw new Stop();
  }

  #bracketed(token: Token): Expr {
    switch (token.text) {
      case "(": {
        this.#take();
        const inner = this.#expression();
        this.#expectEnd(")", "')'");
        return inner;
      }
      case "[":
        this.#take();
        return this.#list(token.at);
      case "{":
        this.#take();
        return this.#map(token.at);
      case ".":
        this.#take();
        if (this.#token.kind !== "identifier") this.#noField(this.#token, false);
        return this.#named(".");
      case "-":
        if (this.#isNumber(this.#next + 1)) {
          this.#take();
          return this.#literal({ ...this.#take(), at: token.at }, true);
        }
    }
    return this.#noStart();
  }

  /** A variable, a function's call, or a message's literal. */
  #named(dot: "" | "."): Expr {
    const literal = this.#messageName();
    if (literal) {
      this.#next += literal.tokens;
      return this.#struct(dot + literal.name, this.#take().at);
    }
    const token = this.#take();
    const open = this.#takeIf("(");
    if (RESERVED.has(token.text)) this.#issues.report(token.at, `reserved identifier: ${token.text}`);
    if (open) return this.#callOrMacro(dot + token.text, open.at, this.#arguments());
    if (RESERVED.has(token.text)) return { kind: "literal", id: this.#id(), at: token.at, value: null };
    return { kind: "ident", id: this.#id(), at: token.at, name: dot + token.text };
  }

  /** `a.b.c` before a brace. */
  #messageName(): { name: string; tokens: number } | undefined {
    let at = this.#next;
    let name = (this.#tokens[at++] as Token).text;
    while (this.#tokens[at]?.text === "." && this.#tokens[at + 1]?.kind === "identifier") {
      name += `.${this.#tokens[at + 1]?.text}`;
      at += 2;
    }
    const brace = this.#tokens[at];
    return brace?.kind === "punctuation" && brace.text === "{" ? { name, tokens: at - this.#next } : undefined;
  }

  #literal(token: Token, negative: boolean): Expr {
    switch (token.kind) {
      case "int":
        return this.#constant(token.at, intLiteral(token.text, negative), "invalid int literal");
      case "uint":
        return this.#constant(token.at, uintLiteral(token.text), "invalid uint literal");
      case "float":
        return this.#constant(token.at, doubleLiteral(token.text, negative), "invalid double literal");
    }
    try {
      return this.#constant(token.at, token.kind === "bytes" ? bytesLiteral(token.text) : stringLiteral(token.text));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return this.#constant(token.at, undefined, error.message);
    }
  }

  #constant(at: number, value: (Expr & { kind: "literal" })["value"] | undefined, wrong = ""): Expr {
    if (value === undefined) this.#issues.report(at, wrong);
    return { kind: "literal", id: this.#id(), at, value: value ?? null };
  }

  #list(at: number): Expr {
    const elements: Expr[] = [];
    const optional = new Set<number>();
    while (!this.#is("]")) {
      if (this.#is(",") && elements.length === 0 && this.#tokens[this.#next + 1]?.text === "]") {
        this.#take();
        break;
      }
      if (elements.length === 0 && !this.#is("?") && !startsExpression(this.#token))
        this.#skipTo(startsExpression, ITEMS);
      if (this.#takeIf("?")) optional.add(elements.length);
      elements.push(this.#expression());
      if (!this.#takeIf(",")) break;
    }
    this.#expectEnd("]", "{']', ','}");
    return { kind: "list", id: this.#id(), at, elements, optional };
  }

  #map(at: number): Expr {
    const id = this.#id();
    const entries: MapEntry[] = [];
    while (!this.#is("}")) {
      if (this.#is(",") && entries.length === 0 && this.#tokens[this.#next + 1]?.text === "}") {
        this.#take();
        break;
      }
      if (entries.length === 0 && !this.#is("?") && !startsExpression(this.#token))
        this.#skipTo(startsExpression, ENTRIES);
      const optional = this.#takeIf("?") !== undefined;
      const key = this.#expression();
      const colon = this.#expect(":");
      entries.push({ id: this.#id(), at: colon.at, key, value: this.#expression(), optional });
      if (!this.#takeIf(",")) break;
    }
    this.#expectEnd("}", "{'}', ','}");
    return { kind: "map", id, at, entries };
  }

  #struct(type: string, at: number): Expr {
    const id = this.#id();
    const fields: FieldEntry[] = [];
    while (!this.#is("}")) {
      const optional = this.#takeIf("?") !== undefined;
      if (!isFieldName(this.#token)) this.#skipTo(isFieldName, optional ? "{IDENTIFIER, ESC_IDENTIFIER}" : FIELDS);
      const name = this.#take();
      const colon = this.#expect(":");
      const field = name.kind === "quoted" ? name.text.slice(1, -1) : name.text;
      fields.push({ id: this.#id(), at: colon.at, name: field, value: this.#expression(), optional });
      if (!this.#takeIf(",")) break;
    }
    this.#expectEnd("}", "{'}', ','}");
    return { kind: "struct", id, at, type, fields };
  }
}

const isFieldName = ({ kind }: Token): boolean => kind === "identifier" || kind === "quoted";

function startsExpression({ kind, text }: Token): boolean {
  if (kind === "punctuation") return "[{(.-!".includes(text) && text.length === 1;
  return kind !== "end" && kind !== "quoted" && text !== "in";
}
