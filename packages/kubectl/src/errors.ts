/**
 * What a person reads when something failed, in the words of kubectl, and with which code the program then ends.
 * Holds: several failures are told one a line in their order.
 */
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { StatusError } from "@kubets/machinery/status-error";
import { TransportError } from "@kubets/wire/transport";

/** A mistake of the caller: told as "error: ...". */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A text that is told as it is. */
export class PlainError extends Error {
  override readonly name = "PlainError";
}

/** Several things went wrong; what could be done was done. */
export class SeveralErrors extends Error {
  override readonly name = "SeveralErrors";
  readonly errors: readonly Error[];

  constructor(errors: readonly Error[]) {
    super(errors.map(({ message }) => message).join("\n"));
    this.errors = errors;
  }
}

export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** Throws what was collected: nothing, the one, or all. */
export function throwAll(errors: readonly Error[]): void {
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new SeveralErrors(errors);
}

export const codeOf = (error: unknown): number => (error instanceof ExitError ? error.code : exitCode.failure);

export function errorText(error: unknown): string {
  if (error instanceof SeveralErrors) return [...new Set(error.errors.map(oneOfSeveral))].join("\n");
  if (error instanceof StatusError) return statusText(error);
  if (error instanceof TransportError) return transportText(error);
  if (error instanceof PlainError) return error.message;
  const { message } = asError(error);
  return message === "" || message.startsWith("error: ") ? message : `error: ${message}`;
}

/** Of several, what is invalid is told in the server's words. */
const oneOfSeveral = (error: Error): string =>
  error instanceof StatusError && error.reason === "Invalid"
    ? `Error from server (Invalid): ${error.message}`
    : errorText(error);

/** The same failure, said to have come of a file or an action. Keeps what the server said of it. */
export function whileDoing(error: unknown, what: string): Error {
  if (!(error instanceof StatusError)) return new Error(`${what}: ${asError(error).message}`, { cause: error });
  return new StatusError({ ...error.status, code: error.code, message: `${what}: ${error.message}` }, { cause: error });
}

function statusText(error: StatusError): string {
  if (error.reason === "Unauthorized") return `error: You must be logged in to the server (${error.message})`;
  if (error.reason === "Invalid") return invalidText(error);
  return error.reason ? `Error from server (${error.reason}): ${error.message}` : `Error from server: ${error.message}`;
}

function invalidText({ status, message }: StatusError): string {
  const { kind, name, causes = [] } = status.details ?? {};
  const subject = kind ? `The ${kind} ${JSON.stringify(name ?? "")} is invalid` : "The request is invalid";
  const texts = [
    ...new Set(causes.map((each) => (each.field ? `${each.field}: ${each.message}` : (each.message ?? "")))),
  ];
  if (texts.length === 0) return kind ? subject : `The request is invalid: ${message}`;
  return texts.length === 1
    ? `${subject}: ${texts[0]}`
    : `${subject}: \n${texts.map((text) => `* ${text}`).join("\n")}`;
}

function transportText(error: TransportError): string {
  const [, host] = /^https?:\/\/(\S+) cannot be reached/.exec(error.message) ?? [];
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
  if (host && code === "ECONNREFUSED")
    return `The connection to the server ${host} was refused - did you specify the right host or port?`;
  return `Unable to connect to the server: ${error.message}`;
}
