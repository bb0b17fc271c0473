/** How a webhook is reached: by a URL, or as a service of the cluster. Admission and conversion webhooks share it. */
import { dns1123Subdomain, type FieldError, invalidValue, portNumber, required } from "@kubets/machinery";
import type { WebhookClientConfig } from "./generated/types/admissionregistration-v1.ts";

type ClientConfig = Pick<WebhookClientConfig, "url" | "service">;

const FORM = "; desired format: https://host[/path]";

export function clientConfigErrors({ url, service }: ClientConfig, field: string): FieldError[] {
  if ((url == null) === (service == null)) return [required(field, "exactly one of url or service is required")];
  return url != null ? urlErrors(url, `${field}.url`) : serviceErrors(service as Service, `${field}.service`);
}

type Service = NonNullable<ClientConfig["service"]>;

/** scheme, user, host, path, query, fragment; all may be empty. */
const URL_PARTS =
  /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/(?:([^/?#@]*)@)?([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;

export function urlErrors(url: string, field: string): FieldError[] {
  const [, scheme = "", user, host = "", , query = "", fragment = ""] = URL_PARTS.exec(url) ?? [];
  const errors: FieldError[] = [];
  if (scheme.toLowerCase() !== "https")
    errors.push(invalidValue(field, scheme, `'https' is the only allowed URL scheme${FORM}`));
  if (host === "") errors.push(invalidValue(field, host, `host must be specified${FORM}`));
  if (user !== undefined) errors.push(invalidValue(field, user, "user information is not permitted in the URL"));
  if (fragment !== "") errors.push(invalidValue(field, fragment, "fragments are not permitted in the URL"));
  if (query !== "") errors.push(invalidValue(field, query, "query parameters are not permitted in the URL"));
  return errors;
}

function serviceErrors({ name, namespace, path, port = 443 }: Service, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(`${field}.name`, "service name is required"));
  if (!namespace) errors.push(required(`${field}.namespace`, "service namespace is required"));
  const texts = portNumber(port);
  if (texts.length) errors.push(invalidValue(`${field}.port`, port, `port is not valid: ${texts.join(",")}`));
  return path == null ? errors : [...errors, ...pathErrors(path, `${field}.path`)];
}

function pathErrors(path: string, field: string): FieldError[] {
  if (path === "" || path === "/") return [];
  const wrong = (detail: string) => invalidValue(field, path, detail);
  if (path === "//") return [wrong("segment[0] may not be empty")];
  const errors = path.startsWith("/") ? [] : [wrong("must start with a '/'")];
  const steps = path.slice(1).replace(/\/$/, "").split("/");
  for (const [i, step] of steps.entries()) {
    if (step === "") errors.push(wrong(`segment[${i}] may not be empty`));
    else errors.push(...dns1123Subdomain(step).map((text) => wrong(`segment[${i}]: ${text}`)));
  }
  return errors;
}
