/** The terminal of this program while a command of a container has it: raw, and put back when done. */
import type { Session } from "../session.ts";
import type { RunStreams } from "./run-streams.ts";

interface TerminalUse {
  readonly streams: RunStreams;
  readonly tty: boolean;
  restore(): void;
}

export function useTerminal(
  session: Session,
  { stdin, tty, quiet = false }: { stdin: boolean; tty: boolean; quiet?: boolean },
): TerminalUse {
  const { streams } = session.machine;
  let isRaw = tty;
  if (tty && !(stdin && streams.stdin.isTTY)) {
    isRaw = false;
    if (stdin && !quiet) session.note("Unable to use a TTY - input is not a terminal or the right kind of file");
  }
  if (isRaw) streams.stdin.setRawMode?.(true);
  return {
    tty: isRaw || (tty && !stdin),
    streams: {
      stdin: stdin ? streams.stdin : undefined,
      stdout: streams.stdout,
      stderr: isRaw || (tty && !stdin) ? undefined : streams.stderr,
      terminal: isRaw ? streams.stdout : undefined,
    },
    restore: () => {
      if (isRaw) streams.stdin.setRawMode?.(false);
    },
  };
}
