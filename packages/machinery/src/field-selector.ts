/**
 * Field selectors (`metadata.name=a,status.phase!=Running`): read, written, matched.
 * Which fields a resource has is not known here; a field that it lacks counts as empty.
 */
export interface FieldTerm {
  readonly field: string;
  readonly operator: "=" | "!=";
  readonly value: string;
}

export class FieldSelectorError extends Error {
  override readonly name = "FieldSelectorError";
}

export class FieldSelector {
  readonly terms: readonly FieldTerm[];

  constructor(terms: readonly FieldTerm[]) {
    this.terms = terms;
  }

  /** `valueOf` gives the value of a field, or undefined for one that is not set. */
  matches(valueOf: (field: string) => string | undefined): boolean {
    return this.terms.every(({ field, operator, value }) => ((valueOf(field) ?? "") === value) === (operator === "="));
  }

  isEmpty(): boolean {
    return this.terms.length === 0;
  }

  /** The one value that this field must have. */
  exactValue(field: string): string | undefined {
    return this.terms.find((term) => term.field === field && term.operator === "=")?.value;
  }

  toString(): string {
    return this.terms.map(({ field, operator, value }) => `${field}${operator}${escapeFieldValue(value)}`).join(",");
  }
}

export const everyField: FieldSelector = new FieldSelector([]);

export const fieldEquals = (field: string, value: string): FieldSelector =>
  new FieldSelector([{ field, operator: "=", value }]);

/** Reads a field selector; throws a FieldSelectorError with the original's text. */
export function parseFieldSelector(text: string): FieldSelector {
  if (text === "") return everyField;
  const parts = splitTerms(text).filter((part) => part !== "");
  return new FieldSelector(parts.map((part) => parseTerm(part, text)));
}

function parseTerm(part: string, text: string): FieldTerm {
  const match = /!=|==|=/.exec(part);
  if (!match) throw new FieldSelectorError(`invalid selector: '${text}'; can't understand '${part}'`);
  const value = unescapeFieldValue(part.slice(match.index + match[0].length));
  return { field: part.slice(0, match.index), operator: match[0] === "!=" ? "!=" : "=", value };
}

/** Splits at each comma that has no backslash before it. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === ",") {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...terms, text.slice(start)];
}

/** Puts a backslash before what would end or split a value. */
export const escapeFieldValue = (value: string): string => value.replace(/[\\,=]/g, "\\$&");

function unescapeFieldValue(text: string): string {
  let value = "";

  for (let i = 0; i < text.length; i++) {
    const letter = text[i] as string;
    if (letter === "," || letter === "=") {
      const code = letter.charCodeAt(0);
      throw new FieldSelectorError(`invalid field selector: unescaped character in value: ${code}`);
    }
    if (letter !== "\\") {
      value += letter;
      continue;
    }
    const escaped = text[++i] ?? "";
    if (escaped === "" || !"\\,=".includes(escaped)) {
      throw new FieldSelectorError(`invalid field selector: invalid escape sequence: \\${escaped}`);
    }
    value += escaped;
  }
  return value;
}
