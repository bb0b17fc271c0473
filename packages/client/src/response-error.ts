/**
 * The StatusError of an answer that is not a success: the Status of its body, or, where something other than an API server answered, one
 * made of the status code in the words that clients of Kubernetes know.
 */
import { type GroupResource, qualified, type Status, type StatusDetails, StatusError } from "@kubets/machinery";
import { parseJson } from "@kubets/machinery/json";
import { textOf } from "./json.ts";

export interface Asked {
  readonly method: string;
  readonly resource?: GroupResource;
  readonly name?: string;
}

export function responseError(
  code: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: Uint8Array,
  asked: Asked,
): StatusError {
  const text = textOf(body);
  return statusError(statusIn(text), code) ?? genericError(code, text, retryAfter(headers), asked);
}

/** The error of a Status object, if it is one that tells of a failure. */
export function statusError(value: unknown, code = 500): StatusError | undefined {
  const status = value as Partial<Status> | undefined;
  if (status?.kind !== "Status" || status.status === "Success") return undefined;
  const { kind: _, apiVersion: __, metadata: ___, status: ____, ...rest } = status;
  return new StatusError({ ...rest, code: rest.code || code });
}

function statusIn(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** The seconds after which the server wants to be asked again; 0 where it does not say. */
export function retryAfter(headers: Readonly<Record<string, string | string[] | undefined>>): number {
  const seconds = Number(headers["retry-after"]);
  return Number.isInteger(seconds) && seconds > 0 ? seconds : 0;
}

const GENERIC: Readonly<Record<number, readonly [reason: string, message: string]>> = {
  400: ["BadRequest", "the server rejected our request for an unknown reason"],
  401: ["Unauthorized", "the server has asked for the client to provide credentials"],
  404: ["NotFound", "the server could not find the requested resource"],
  405: ["MethodNotAllowed", "the server does not allow this method on the requested resource"],
  409: ["Conflict", "the server reported a conflict"],
  422: ["Invalid", "the server rejected our request due to an error in our request"],
  429: ["TooManyRequests", "the server has received too many requests and has asked us to try again later"],
  503: ["ServiceUnavailable", "the server is currently unable to handle the request"],
  504: [
    "Timeout",
    "the server was unable to return a response in the time allotted, but may still be processing the request",
  ],
};

function genericError(code: number, body: string, retryAfterSeconds: number, asked: Asked): StatusError {
  const message = body.trim().slice(0, 2048) || "unknown";
  const details: StatusDetails = { causes: [{ reason: "UnexpectedServerResponse", message }] };
  if (asked.name) details.name = asked.name;
  if (asked.resource?.group) details.group = asked.resource.group;
  if (asked.resource) details.kind = asked.resource.resource;
  if (retryAfterSeconds) details.retryAfterSeconds = retryAfterSeconds;
  const [reason, words] = reasonAndWords(code, message, asked.method);
  return new StatusError({ code, reason, message: words + askedText(asked), details });
}

function reasonAndWords(code: number, body: string, method: string): readonly [reason: string, message: string] {
  if (code === 403) return ["Forbidden", body];
  if (code === 409 && method === "POST") return ["AlreadyExists", "the server reported a conflict"];
  const known = GENERIC[code];
  if (known) return known;
  if (code >= 500)
    return [
      "InternalError",
      `an error on the server (${JSON.stringify(body)}) has prevented the request from succeeding`,
    ];
  return ["", `the server responded with the status code ${code} but did not return more information`];
}

function askedText({ method, resource, name }: Asked): string {
  if (!resource) return "";
  return ` (${method.toLowerCase()} ${qualified(resource)}${name ? ` ${name}` : ""})`;
}
