/**
 * Which exceptions end the process, in one place: every one that nobody caught, and every promise that was rejected
 * unseen. State that an unknown mistake may have touched is not trusted; starting again is the way to recover.
 * When whoever reads standard output closes it (`kubets ... | head`), the process ends quietly with code 0.
 */
import { ExitError, exitCode } from "./exit-codes.ts";
import type { Logger } from "./logger.ts";

type Failure = "uncaughtException" | "unhandledRejection";

/** The part of `process` that is used; tests bring their own. */
export interface ProcessEvents {
  on(event: Failure, listener: (error: unknown) => void): unknown;
  off(event: Failure, listener: (error: unknown) => void): unknown;
  exit(code: number): unknown;
  readonly stdout: {
    on(event: "error", listener: (error: Error) => void): unknown;
    off(event: "error", listener: (error: Error) => void): unknown;
  };
}

/** Installs the handlers; the answer takes them off again. */
export function installProcessHandlers(log: Logger, target: ProcessEvents = process): () => void {
  const end = (what: string) => (error: unknown) => {
    if (error instanceof ExitError) {
      log.error("the process ends", { error });
      target.exit(error.code);
      return;
    }
    const stack = error instanceof Error ? error.stack : undefined;
    log.error(`${what} ends the process`, { error, ...(stack && { stack }) });
    target.exit(exitCode.internal);
  };
  const onException = end("an uncaught exception");
  const onRejection = end("an unhandled rejection");
  const onOutput = (error: Error) => {
    if ((error as NodeJS.ErrnoException).code === "EPIPE") target.exit(exitCode.ok);
    else onException(error);
  };
  target.on("uncaughtException", onException);
  target.on("unhandledRejection", onRejection);
  target.stdout.on("error", onOutput);
  return () => {
    target.off("uncaughtException", onException);
    target.off("unhandledRejection", onRejection);
    target.stdout.off("error", onOutput);
  };
}
