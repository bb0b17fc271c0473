/**
 * The one error of the API: a `metav1.Status`, made by the factories below, thrown by servers and clients alike.
 * Holds: code, reason, message and details are those of Kubernetes, since clients decide by them.
 */
import { type FieldError, fieldErrorBody } from "./field-error.ts";

export interface Status {
  kind: "Status";
  apiVersion: "v1";
  metadata: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
  status: "Failure" | "Success";
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code?: number;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

/** A resource as messages name it: `pods`, `deployments.apps`. */
export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

export class StatusError extends Error {
  readonly status: Status;

  constructor(
    status: Omit<Status, "kind" | "apiVersion" | "metadata" | "status"> &
      Partial<Pick<Status, "metadata">> & { code: number },
    options?: ErrorOptions,
  ) {
    super(status.message ?? "", options);
    this.name = "StatusError";
    const { message, reason, details, code, ...rest } = status;
    this.status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", ...rest };
    if (message !== undefined) this.status.message = message;
    if (reason !== undefined) this.status.reason = reason;
    if (details !== undefined) this.status.details = details;
    this.status.code = code;
  }

  get code(): number {
    return this.status.code ?? 500;
  }

  get reason(): string {
    return this.status.reason ?? "";
  }
}

/** Whether an error is a StatusError of this reason ("NotFound", "Conflict", ...). */
export const isReason = (error: unknown, reason: string): error is StatusError =>
  error instanceof StatusError && error.reason === reason;

export const qualified = ({ group, resource }: GroupResource): string => (group ? `${resource}.${group}` : resource);

const details = (gr: GroupResource, name: string): StatusDetails => {
  const of: StatusDetails = {};
  if (name) of.name = name;
  if (gr.group) of.group = gr.group;
  of.kind = gr.resource;
  return of;
};

const error = (code: number, reason: string, message: string, more?: StatusDetails) =>
  new StatusError({ code, reason, message, ...(more && { details: more }) });

export const notFound = (gr: GroupResource, name: string): StatusError =>
  error(404, "NotFound", `${qualified(gr)} "${name}" not found`, details(gr, name));

export const alreadyExists = (gr: GroupResource, name: string): StatusError =>
  error(409, "AlreadyExists", `${qualified(gr)} "${name}" already exists`, details(gr, name));

export const generateNameConflict = (gr: GroupResource, name: string, retryAfterSeconds: number): StatusError =>
  error(
    409,
    "AlreadyExists",
    `${qualified(gr)} "${name}" already exists, the server was not able to generate a unique name for the object`,
    {
      ...details(gr, name),
      retryAfterSeconds,
    },
  );

export const conflict = (gr: GroupResource, name: string, why: string): StatusError =>
  error(409, "Conflict", `Operation cannot be fulfilled on ${qualified(gr)} "${name}": ${why}`, details(gr, name));

export const forbidden = (gr: GroupResource, name: string, why: string): StatusError => {
  const subject =
    gr.resource === "" && gr.group === ""
      ? "forbidden"
      : name
        ? `${qualified(gr)} "${name}" is forbidden`
        : `${qualified(gr)} is forbidden`;
  return error(403, "Forbidden", `${subject}: ${why}`, details(gr, name));
};

/** Many errors of large values would make an answer that takes longer to make than the rest of the request. */
const LONGEST_TOLD = 64 * 1024;

/** As many of the errors as are told. */
function causesOf(errors: readonly FieldError[]) {
  const causes: { reason: string; message: string; field: string }[] = [];
  let length = 0;
  for (const error of errors) {
    if (length > LONGEST_TOLD) break;
    const message = fieldErrorBody(error);
    causes.push({ reason: error.type, message, field: error.field });
    length += message.length;
  }
  return causes;
}

export const invalid = (
  groupKind: { group: string; kind: string },
  name: string,
  errors: readonly FieldError[],
): StatusError => {
  const causes = causesOf(errors);
  const texts = [...new Set(causes.map(({ field, message }) => `${field}: ${message}`))];
  if (causes.length < errors.length) texts.push(`and ${errors.length - causes.length} more errors`);
  const list = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  const kind = groupKind.group ? `${groupKind.kind}.${groupKind.group}` : groupKind.kind;
  return error(422, "Invalid", `${kind} "${name}" is invalid${texts.length ? `: ${list}` : ""}`, {
    ...(name && { name }),
    ...(groupKind.group && { group: groupKind.group }),
    kind: groupKind.kind,
    causes,
  });
};

export const badRequest = (message: string): StatusError => error(400, "BadRequest", message);
export const unauthorized = (message = "Unauthorized"): StatusError => error(401, "Unauthorized", message);
export const expired = (message: string): StatusError => error(410, "Expired", message);
export const gone = (message: string): StatusError => error(410, "Gone", message);
export const notAcceptable = (message: string): StatusError => error(406, "NotAcceptable", message);
export const unsupportedMediaType = (message: string): StatusError => error(415, "UnsupportedMediaType", message);
export const requestEntityTooLarge = (message: string): StatusError => error(413, "RequestEntityTooLarge", message);
export const serviceUnavailable = (message: string): StatusError => error(503, "ServiceUnavailable", message);

export const methodNotSupported = (gr: GroupResource, action: string): StatusError =>
  error(405, "MethodNotAllowed", `${action} is not supported on resources of kind "${qualified(gr)}"`, details(gr, ""));

/** The answer of a path that is served with other methods. */
export const methodNotAllowed = (): StatusError =>
  error(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});

export const tooManyRequests = (message: string, retryAfterSeconds: number): StatusError =>
  error(429, "TooManyRequests", message, { retryAfterSeconds });

export const internalError = (cause: unknown): StatusError => {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new StatusError(
    {
      code: 500,
      reason: "InternalError",
      message: `Internal error occurred: ${message}`,
      details: { causes: [{ message }] },
    },
    { cause },
  );
};

/** The answer of a path that nothing serves. */
export const pathNotFound = (): StatusError =>
  error(404, "NotFound", "the server could not find the requested resource", {});
