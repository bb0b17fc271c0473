/** A line of a CRI log: `2026-01-02T03:04:05.678901234Z stdout F text`. `P` marks a part of a line that goes on. */
export interface LogLine {
  /** As it is written. */
  readonly time: string;
  readonly stream: "stdout" | "stderr";
  readonly partial: boolean;
  readonly text: Buffer;
}

const SPACE = 0x20;

/** Undefined for what is no log line. `line` is without its line feed. */
export function parseLogLine(line: Buffer): LogLine | undefined {
  const first = line.indexOf(SPACE);
  const second = line.indexOf(SPACE, first + 1);
  if (first < 0 || second < 0) return undefined;
  const third = line.indexOf(SPACE, second + 1);
  const tags = line.toString("latin1", second + 1, third < 0 ? line.length : third);
  const stream = line.toString("latin1", first + 1, second);
  if (stream !== "stdout" && stream !== "stderr") return undefined;
  return {
    time: line.toString("latin1", 0, first),
    stream,
    partial: tags.split(":")[0] === "P",
    text: third < 0 ? Buffer.alloc(0) : line.subarray(third + 1),
  };
}
