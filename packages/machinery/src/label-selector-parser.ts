/**
 * The grammar of the text form of label selectors: a list of `key`, `!key`, `key op value`, `key in (a,b)`.
 * Holds: every error says what was found and what was expected, in the original's words.
 */
import { fieldErrorText, invalidValue } from "./field-error.ts";
import { newRequirement, type Requirement, SelectorError, type SelectorOperator } from "./label-requirement.ts";
import { labelKey } from "./names.ts";

type TokenKind = "identifier" | "keyword" | "symbol" | "end";

interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const TOKEN = /[ \t\r\n]*(==|!=|[=!(),<>]|[^ \t\r\n=!(),<>]+)/y;
const END: Token = { kind: "end", text: "" };

const OPERATORS: ReadonlyMap<string, SelectorOperator> = new Map([
  ["in", "in"],
  ["notin", "notin"],
  ["=", "="],
  ["==", "=="],
  ["!=", "!="],
  [">", "gt"],
  ["<", "lt"],
]);
const OPERATOR_NAMES = "in, notin, =, ==, !=, gt, lt";

function tokens(text: string): Token[] {
  const list: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
    const word = match[1] as string;
    list.push({ kind: kindOf(word), text: word });
  }
  return list;
}

function kindOf(word: string): TokenKind {
  if (word === "in" || word === "notin") return "keyword";
  return /^[=!(),<>]/.test(word) ? "symbol" : "identifier";
}

export function parseRequirements(text: string): Requirement[] {
  const parser = new Parser(tokens(text));
  const requirements: Requirement[] = [];
  for (;;) {
    const next = parser.peek();
    if (next.kind === "end") return requirements;
    if (!startsRequirement(next)) fail(`found '${next.text}', expected: !, identifier, or 'end of string'`);
    requirements.push(parser.requirement());
    const after = parser.take();
    if (after.kind === "end") return requirements;
    if (after.text !== ",") fail(`found '${after.text}', expected: ',' or 'end of string'`);
    const following = parser.peek();
    if (!startsRequirement(following)) fail(`found '${following.text}', expected: identifier after ','`);
  }
}

/** "in" and "notin" are names wherever no operator stands. */
const isIdentifier = (token: Token) => token.kind === "identifier" || token.kind === "keyword";
const startsRequirement = (token: Token) => isIdentifier(token) || token.text === "!";

function fail(message: string): never {
  throw new SelectorError(message);
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(list: readonly Token[]) {
    this.#tokens = list;
  }

  peek(): Token {
    return this.#tokens[this.#at] ?? END;
  }

  take(): Token {
    return this.#tokens[this.#at++] ?? END;
  }

  requirement(): Requirement {
    try {
      return this.#requirement();
    } catch (error) {
      if (error instanceof SelectorError) fail(`unable to parse requirement: ${error.message}`);
      throw error;
    }
  }

  #requirement(): Requirement {
    const negated = this.peek().text === "!";
    if (negated) this.take();
    const key = this.#key();
    if (negated) return newRequirement(key, "!", []);
    const next = this.peek();
    if (next.kind === "end" || next.text === ",") return newRequirement(key, "exists", []);
    const operator = this.#operator();
    const values = operator === "in" || operator === "notin" ? this.#values() : this.#exactValue();
    return newRequirement(key, operator, [...new Set(values)].sort());
  }

  #key(): string {
    const token = this.take();
    if (!isIdentifier(token)) fail(`found '${token.text}', expected: identifier`);
    const problems = labelKey(token.text);
    if (problems.length) fail(fieldErrorText(invalidValue("<nil>", token.text, problems.join("; "))));
    return token.text;
  }

  #operator(): SelectorOperator {
    const token = this.take();
    const operator = OPERATORS.get(token.text);
    return operator ?? fail(`found '${token.text}', expected: ${OPERATOR_NAMES}`);
  }

  #exactValue(): string[] {
    const next = this.peek();
    if (next.kind === "end" || next.text === ",") return [""];
    this.take();
    return isIdentifier(next) ? [next.text] : fail(`found '${next.text}', expected: identifier`);
  }

  #values(): string[] {
    const open = this.take();
    if (open.text !== "(") fail(`found '${open.text}' expected: '('`);
    const first = this.peek();
    if (first.text === ")") {
      this.take();
      return [""];
    }
    if (!isIdentifier(first) && first.text !== ",") fail(`found '${first.text}', expected: ',', ')' or identifier`);
    const values = this.#list();
    this.take();
    return values;
  }

  /** Names with commas between, up to the closing parenthesis; what stands empty is the empty value. */
  #list(): string[] {
    const values: string[] = [];
    for (;;) {
      const token = this.take();
      if (isIdentifier(token)) {
        values.push(token.text);
        const next = this.peek();
        if (next.text === ")") return values;
        if (next.text !== ",") fail(`found '${next.text}', expected: ',' or ')'`);
      } else if (token.text === ",") {
        if (values.length === 0) values.push("");
        const next = this.peek();
        if (next.text === ")") return [...values, ""];
        if (next.text === ",") {
          this.take();
          values.push("");
        }
      } else {
        fail(`found '${token.text}', expected: ',', or identifier`);
      }
    }
  }
}
