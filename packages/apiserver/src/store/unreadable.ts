/**
 * Stored values that cannot be read: no key opens them, or what is inside is no object. They stand in the way of nobody but those who ask for them: an
 * object is told apart by its name, a list or a watch cannot say what it does not know.
 */
import { type GroupResource, internalError, qualified, type StatusCause, StatusError } from "@kubets/machinery";

type Problem = keyof typeof PROBLEMS;

const PROBLEMS = {
  sealed: "data from the storage is not transformable",
  damaged: "object not decodable",
} as const;

/** One value. */
export class UnreadableError extends Error {
  readonly storageKey: string;
  readonly revision: number;
  readonly #problem: Problem;

  constructor({ key, revision }: { readonly key: string; readonly revision: number }, problem: Problem, cause: Error) {
    super(`${key} cannot be read: ${cause.message}`, { cause });
    this.storageKey = key;
    this.revision = revision;
    this.#problem = problem;
  }

  get why(): string {
    return (this.cause as Error).message;
  }

  /** In the words of the original's storage, which tells the revision of what it could open. */
  get corruption(): string {
    const revision = this.#problem === "sealed" ? 0 : this.revision;
    return `StorageError: corrupt object, Code: 7, Key: ${this.storageKey}, ResourceVersion: 0, AdditionalErrorMsg: ${PROBLEMS[this.#problem]} revision=${revision}: ${this.why}`;
  }
}

/** All those that a list would have to show, the first ones at least. */
export class UnreadableListError extends Error {
  readonly resource: GroupResource;
  readonly errors: readonly UnreadableError[];

  constructor(resource: GroupResource, errors: readonly UnreadableError[]) {
    super(`failed to read one or more ${qualified(resource)} from the storage`);
    this.resource = resource;
    this.errors = errors;
  }
}

/** So many are named to clients. */
export const MOST_NAMED = 100;

/** How clients are told, undefined of all other errors: which objects they are is told where they can be deleted all the same. */
export function unreadableStatus(error: unknown, isDeletable: boolean): StatusError | undefined {
  if (error instanceof UnreadableError) return internalError(new Error(isDeletable ? error.corruption : error.why));
  if (!(error instanceof UnreadableListError)) return undefined;
  const { resource, errors, message } = error;
  const [first] = errors;
  if (!isDeletable)
    return internalError(new Error(`unable to transform key ${JSON.stringify(first?.storageKey)}: ${first?.why}`));
  const causes: StatusCause[] = errors.slice(0, MOST_NAMED).map(({ storageKey, corruption }) => ({
    reason: "UnexpectedServerResponse",
    message: corruption,
    field: storageKey,
  }));
  if (errors.length > MOST_NAMED)
    causes.push({ reason: "FieldValueTooMany", message: "too many errors, the list is truncated" });
  return new StatusError({
    code: 500,
    reason: "StorageReadError",
    message,
    details: { name: "list", ...(resource.group && { group: resource.group }), kind: resource.resource, causes },
  });
}
