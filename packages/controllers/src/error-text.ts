/** Errors as conditions and events tell them. */
import { isReason, StatusError } from "@kubets/machinery";

export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The namespace is going: what could not be made in it is not worth an event. */
export const isNamespaceTerminating = (error: unknown): boolean =>
  error instanceof StatusError &&
  (error.status.details?.causes ?? []).some(({ reason }) => reason === "NamespaceTerminating");

/** Runs a request whose object may have gone meanwhile; false if it has. */
export async function unlessGone(request: Promise<unknown>): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (error) {
    if (isReason(error, "NotFound")) return false;
    throw error;
  }
}

/** Throws the first error after all have been tried. */
export async function allOf(requests: Iterable<Promise<unknown>>): Promise<void> {
  for (const result of await Promise.allSettled(requests)) if (result.status === "rejected") throw result.reason;
}
