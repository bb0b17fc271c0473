/**
 * What is wrong with a source, and how it is printed: as the original does, with the line and a mark under the place.
 * Places are offsets into the source; columns are counted in characters, not in UTF-16 units.
 */
export interface CelIssue {
  readonly message: string;
  /** From 1; -1 where the whole expression is meant. */
  readonly line: number;
  /** From 1; 0 where the whole expression is meant. */
  readonly column: number;
  /** The issue as the original prints it, over three lines. */
  readonly text: string;
}

/** At most so many issues are told of one source. */
const MOST_ISSUES = 100;
/** Of longer lines, and when so much has been told, only the place is told. */
const LONGEST_LINE = 16_384;
const LONGEST_TEXT = 65_536;

export class Issues {
  readonly #source: string;
  readonly #found: { at: number; message: string }[] = [];

  constructor(source: string) {
    this.#source = source;
  }

  get any(): boolean {
    return this.#found.length > 0;
  }

  /** Tells of something at an offset; undefined means the whole expression. */
  report(at: number | undefined, message: string): void {
    if (this.#found.length < MOST_ISSUES) this.#found.push({ at: at ?? -1, message });
  }

  /** All, in the order of the source; one place and message is told once. */
  list(): CelIssue[] {
    const seen = new Set<string>();
    let told = 0;
    return this.#found
      .toSorted((a, b) => a.at - b.at)
      .filter(({ at, message }) => !seen.has(`${at} ${message}`) && seen.add(`${at} ${message}`))
      .map(({ at, message }) => {
        const issue = issueAt(this.#source, at, message, told < LONGEST_TEXT);
        told += issue.text.length;
        return issue;
      });
  }
}

function issueAt(source: string, at: number, message: string, withLine: boolean): CelIssue {
  if (at < 0) return { message, line: -1, column: 0, text: `ERROR: <input>:-1:0: ${message}` };
  const start = source.lastIndexOf("\n", at - 1) + 1;
  const end = source.indexOf("\n", at);
  const row = source.slice(start, end < 0 ? source.length : end);
  let line = 1;
  for (let i = source.indexOf("\n"); i >= 0 && i < start; i = source.indexOf("\n", i + 1)) line++;
  const before = Array.from(source.slice(start, at));
  const column = before.length + 1;
  const place = `ERROR: <input>:${line}:${column}: ${message}`;
  if (!withLine || Buffer.byteLength(row) > LONGEST_LINE) return { message, line, column, text: place };
  const under = source.codePointAt(at) ?? 0;
  const mark = before.map((letter) => (letter > "\x7f" ? "．" : ".")).join("") + (under > 0x7f ? "＾" : "^");
  return { message, line, column, text: `${place}\n | ${row.replaceAll("\t", " ")}\n | ${mark}` };
}

/** All issues in one text, one after the other. */
export const formatIssues = (issues: readonly CelIssue[]): string => issues.map(({ text }) => text).join("\n");
