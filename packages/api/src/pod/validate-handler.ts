/** Probes and hooks: what is called, and when. */
import { type FieldError, forbiddenField, invalidValue, required } from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import { httpHeaderName } from "@kubets/machinery/names";
import type { HTTPGetAction, Lifecycle, LifecycleHandler, Probe } from "../generated/types/core-v1.ts";
import { nameErrors, nonNegative, oneOf, portErrors, portOrName, requiredValue } from "./field-checks.ts";

type Handler = LifecycleHandler & Pick<Probe, "grpc">;

export function validateLifecycle(hooks: Lifecycle | undefined, field: string, graceSeconds: number): FieldError[] {
  return (["postStart", "preStop"] as const).flatMap((name) => {
    const handler = hooks?.[name];
    return handler ? validateHandler(handler, `${field}.${name}`, graceSeconds) : [];
  });
}

export type ProbeName = "livenessProbe" | "readinessProbe" | "startupProbe";

export function validateProbe(probe: Probe | undefined, name: ProbeName, field: string, grace: number): FieldError[] {
  if (!probe) return [];
  const errors = validateHandler(probe, field, grace);
  for (const count of [
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
  ] as const)
    errors.push(...nonNegative(`${field}.${count}`, probe[count]));
  return joined(errors, graceErrors(probe, name, field));
}

function graceErrors(probe: Probe, name: ProbeName, field: string): FieldError[] {
  const grace = probe.terminationGracePeriodSeconds;
  const path = `${field}.terminationGracePeriodSeconds`;
  const errors = grace !== undefined && grace <= 0 ? [invalidValue(path, grace, "must be greater than 0")] : [];
  if (name === "readinessProbe")
    return grace === undefined ? errors : [...errors, invalidValue(path, grace, "must not be set for readinessProbes")];
  const successes = probe.successThreshold ?? 0;
  return successes === 1 ? errors : [...errors, invalidValue(`${field}.successThreshold`, successes, "must be 1")];
}

function validateHandler(handler: Handler, field: string, graceSeconds: number): FieldError[] {
  const errors: FieldError[] = [];
  let found = 0;
  for (const [name, check] of HANDLERS) {
    if (!handler[name]) continue;
    if (found++ > 0) errors.push(forbiddenField(`${field}.${name}`, "may not specify more than 1 handler type"));
    else errors.push(...check(handler, `${field}.${name}`, graceSeconds));
  }
  return found ? errors : [required(field, "must specify a handler type")];
}

const HANDLERS: readonly [keyof Handler, (handler: Handler, field: string, graceSeconds: number) => FieldError[]][] = [
  ["exec", ({ exec }, field) => (exec?.command?.length ? [] : [required(`${field}.command`)])],
  ["httpGet", ({ httpGet }, field) => httpGetErrors(httpGet as HTTPGetAction, field)],
  ["tcpSocket", ({ tcpSocket }, field) => portOrName(`${field}.port`, tcpSocket?.port)],
  ["grpc", ({ grpc }, field) => portErrors(`${field}.port`, grpc?.port)],
  ["sleep", ({ sleep }, field, graceSeconds) => sleepErrors(sleep?.seconds ?? 0, field, graceSeconds)],
];

const httpGetErrors = (action: HTTPGetAction, field: string): FieldError[] =>
  joined(
    requiredValue(`${field}.path`, action.path),
    portOrName(`${field}.port`, action.port),
    oneOf(`${field}.scheme`, action.scheme, ["HTTP", "HTTPS"]),
    (action.httpHeaders ?? []).flatMap(({ name }) => nameErrors(`${field}.httpHeaders`, name ?? "", httpHeaderName)),
  );

const sleepErrors = (seconds: number, field: string, graceSeconds: number): FieldError[] =>
  seconds < 0 || seconds > graceSeconds
    ? [
        invalidValue(
          field,
          seconds,
          `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`,
        ),
      ]
    : [];
