/**
 * A step of a start that may not be possible because of objects in storage that cannot be read: what admission needs to know, or what is to be kept up. It is
 * told, and done at a later start; it keeps no server from starting, since only a server can mend it.
 */
import { isReason, type Logger } from "@kubets/machinery";
import { NOT_READY } from "./admission/match/blindness.ts";
import { UnreadableError, UnreadableListError } from "./store/unreadable.ts";

export async function startStep(log: Logger, step: string, work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!isOfUnreadable(error)) throw error;
    log.warn("a step of the start could not be done", { step, error });
  });
}

/** As the server's own caches tell of it, or its client: of one object, of a list, or by admission. */
const isOfUnreadable = (error: unknown): boolean =>
  error instanceof UnreadableError ||
  error instanceof UnreadableListError ||
  isReason(error, "InternalError") ||
  isReason(error, "StorageReadError") ||
  (isReason(error, "Forbidden") && error.message.endsWith(NOT_READY));
