/**
 * Structured logs: a constant message and fields; the component is bound once with `with`.
 * Holds: writing a log line never throws and never waits; nothing secret is passed as a field.
 */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to each line. */
  with(fields: LogFields): Logger;
}

export type LogFields = Readonly<Record<string, unknown>>;
export type LogLevel = "error" | "warn" | "info" | "debug";
export type LogFormat = "text" | "json";

export interface LoggerOptions {
  level?: LogLevel;
  format?: LogFormat;
  /** Where lines go, each with its line feed; standard error by default. */
  write?: (line: string) => void;
  now?: () => number;
}

const RANK: Record<LogLevel, number> = { error: 0, warn: 1, info: 2, debug: 3 };

export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = "info", format = "text", now = Date.now } = options;
  const write = options.write ?? ((line) => void process.stderr.write(line));
  const render = format === "json" ? jsonLine : textLine;

  function bind(bound: LogFields): Logger {
    const at = (lineLevel: LogLevel) =>
      RANK[lineLevel] > RANK[level]
        ? () => {}
        : (message: string, fields?: LogFields) =>
            write(render(new Date(now()).toISOString(), lineLevel, message, fields ? { ...bound, ...fields } : bound));
    return {
      error: at("error"),
      warn: at("warn"),
      info: at("info"),
      debug: at("debug"),
      with: (fields) => bind({ ...bound, ...fields }),
    };
  }
  return bind({});
}

/** Drops every line; for tests and for libraries without a say. */
export const silentLogger: Logger = { error() {}, warn() {}, info() {}, debug() {}, with: () => silentLogger };

function jsonLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const line: Record<string, unknown> = { time, level, message };
  for (const [key, value] of Object.entries(fields)) line[key] = plain(value);
  return `${jsonText(line)}\n`;
}

function textLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  let line = `${time} ${level.toUpperCase().padEnd(5)} ${message}`;
  for (const [key, value] of Object.entries(fields)) line += ` ${key}=${quoted(plain(value))}`;
  return `${line}\n`;
}

/** Errors become their message, with the chain of causes; all else stays. */
function plain(value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return value.cause === undefined ? value.message : `${value.message}: ${String(plain(value.cause))}`;
}

/** JSON of any value at all: a log line never throws. */
function jsonText(value: unknown): string {
  try {
    return (
      JSON.stringify(value, (_, member: unknown) => (typeof member === "bigint" ? String(member) : member)) ??
      String(value)
    );
  } catch (error) {
    return JSON.stringify(`(cannot be shown: ${(error as Error).message.split("\n")[0]})`);
  }
}

function quoted(value: unknown): string {
  const text = typeof value === "string" ? value : typeof value === "bigint" ? String(value) : jsonText(value);
  return /^[\w.:/@+-]+$/.test(text) ? text : JSON.stringify(text);
}
