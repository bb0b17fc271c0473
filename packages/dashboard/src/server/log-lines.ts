/** Lines of a log out of the text that it comes as, each with its time. Pure. */
export interface LogLine {
  /** As the server writes it; empty of what has none. */
  readonly time: string;
  readonly text: string;
}

const TIMED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) ?/;
/** What terminals take as commands: colours and the like. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with one
const COMMANDS = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g; // eslint-disable-line no-control-regex

export interface LogLines {
  /** Takes pieces that end anywhere; gives whole lines. */
  take(text: string): LogLine[];
  /** The last line, where nothing ended it. */
  rest(): LogLine[];
}

export function logLines(): LogLines {
  let rest = "";
  return {
    take(text) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      return lines.map(logLine);
    },
    rest() {
      const last = rest;
      rest = "";
      return last ? [logLine(last)] : [];
    },
  };
}

function logLine(line: string): LogLine {
  const [all = "", time = ""] = TIMED.exec(line) ?? [];
  const text = line.slice(all.length).replace(/\r$/, "");
  return { time, text: text.includes("\x1b") ? text.replace(COMMANDS, "") : text };
}

/** Whether a time is later than another, to the nanosecond. */
export function isLater(a: string, b: string): boolean {
  const difference = Date.parse(a) - Date.parse(b);
  return difference === 0 ? fraction(a) > fraction(b) : difference > 0;
}

const fraction = (time: string): string => (/\.(\d+)/.exec(time)?.[1] ?? "").padEnd(9, "0");
