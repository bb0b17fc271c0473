/**
 * Stopping by signal: the first SIGINT or SIGTERM asks for an orderly end, the second ends the process at once.
 */
import { exitCode } from "./exit-codes.ts";

export type StopSignal = "SIGINT" | "SIGTERM";

export interface SignalTarget {
  on(event: StopSignal, listener: () => void): unknown;
  off(event: StopSignal, listener: () => void): unknown;
  exit(code: number): unknown;
}

export interface ShutdownSignal {
  /** Aborted with the first signal. */
  readonly signal: AbortSignal;
  /** Stops listening; a further signal then does what it does by default. */
  dispose(): void;
}

const CODES: Readonly<Record<StopSignal, number>> = { SIGINT: exitCode.interrupted, SIGTERM: exitCode.terminated };

export function onStopSignal(target: SignalTarget = process): ShutdownSignal {
  const abort = new AbortController();
  const listeners = (["SIGINT", "SIGTERM"] as const).map((name) => {
    const listener = () => {
      if (abort.signal.aborted) target.exit(CODES[name]);
      else abort.abort(new Error(`stopped by ${name}`));
    };
    target.on(name, listener);
    return { name, listener };
  });
  return {
    signal: abort.signal,
    dispose() {
      for (const { name, listener } of listeners) target.off(name, listener);
    },
  };
}
