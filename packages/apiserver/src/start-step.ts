/**
 * A step of a start that may not be possible because of objects in storage that cannot be read: what admission needs to know, or what is to be kept up. It is
 * told, and done at a later start; it keeps no server from starting, since only a server can mend it.
 */
import type { Logger, StatusError } from "@kubets/machinery";
import { UnreadableError, UnreadableListError } from "./store/unreadable.ts";

/** As it is told of by the server's own client: itself, as a list, or by admission that is blind for it. */
const REFUSED: ReadonlySet<string> = new Set(["InternalError", "StorageReadError", "Forbidden"]);

export async function startStep(log: Logger, step: string, work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    const isSeen = error instanceof UnreadableError || error instanceof UnreadableListError;
    if (!isSeen && !REFUSED.has((error as Partial<StatusError>).reason ?? "")) throw error;
    log.warn("a step of the start could not be done", { step, error });
  });
}
