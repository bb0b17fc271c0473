/** Annotations of pods that mean something: mirrors, the cost of deletion, profiles from before they were fields. */
import { type FieldError, forbiddenField, invalidValue } from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import type { Pod, PodSpec } from "../generated/types/core-v1.ts";
import type { WriteContext } from "../resource.ts";
import { APP_ARMOR_PREFIX, DELETION_COST, MIRROR, SECCOMP_CONTAINER_PREFIX, SECCOMP_POD } from "./annotation-names.ts";
import { placedContainers } from "./containers.ts";
import { localPath } from "./field-checks.ts";
import { validateTolerations } from "./validate-tolerations.ts";

type Annotations = Readonly<Record<string, string>>;

const TOLERATIONS = "scheduler.alpha.kubernetes.io/tolerations";

export function validatePodAnnotations(
  annotations: Annotations,
  spec: PodSpec,
  field: string,
  write: WriteContext,
): FieldError[] {
  const errors: FieldError[] = [];
  const mirror = annotations[MIRROR];
  if (mirror !== undefined && !spec.nodeName)
    errors.push(invalidValue(`${field}[${MIRROR}]`, mirror, "must set spec.nodeName if mirror pod annotation is set"));
  if (annotations[TOLERATIONS]) errors.push(...tolerationErrors(annotations[TOLERATIONS], field, write));
  const cost = annotations[DELETION_COST];
  if (cost !== undefined && !isInt32(cost))
    errors.push(invalidValue(`${field}[${DELETION_COST}]`, cost, "must be a 32bit integer"));
  return joined(errors, seccompErrors(annotations, field), appArmorErrors(annotations, spec, field));
}

/** A leading plus is refused, and so are leading zeros. */
const isInt32 = (text: string): boolean => /^-?(0|[1-9]\d*)$/.test(text) && Number(text) === (Number(text) | 0);

function tolerationErrors(text: string, field: string, write: WriteContext): FieldError[] {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? validateTolerations(list, field, write) : [];
  } catch (error) {
    return [invalidValue(field, TOLERATIONS, error instanceof Error ? error.message : String(error))];
  }
}

function seccompErrors(annotations: Annotations, field: string): FieldError[] {
  const keys = Object.keys(annotations).filter(
    (key) => key === SECCOMP_POD || key.startsWith(SECCOMP_CONTAINER_PREFIX),
  );
  return keys.flatMap((key) => {
    const [at, profile] = [`${field}.${key}`, annotations[key] as string];
    if (["runtime/default", "docker/default", "unconfined"].includes(profile)) return [];
    if (profile.startsWith("localhost/")) return localPath(at, profile.slice("localhost/".length));
    return [invalidValue(at, profile, "must be a valid seccomp profile")];
  });
}

function appArmorErrors(annotations: Annotations, spec: PodSpec, field: string): FieldError[] {
  const names = new Set(placedContainers(spec, "").map(({ container }) => container.name));
  return Object.entries(annotations).flatMap(([key, profile]) => {
    if (!key.startsWith(APP_ARMOR_PREFIX)) return [];
    const container = key.slice(APP_ARMOR_PREFIX.length);
    const errors = names.has(container) ? [] : [invalidValue(`${field}[${key}]`, container, "container not found")];
    if (!/^(|runtime\/default|unconfined|localhost\/.*)$/.test(profile)) {
      const detail = `invalid AppArmor profile name: ${JSON.stringify(profile)}`;
      errors.push(invalidValue(`${field}[${key}]`, profile, detail));
    }
    return errors;
  });
}

/** What an update may not touch. */
export function validateAnnotationUpdate(pod: Pod, old: Pod, field: string): FieldError[] {
  const now = pod.metadata.annotations ?? {};
  const before = old.metadata.annotations ?? {};
  const errors: FieldError[] = [];
  for (const key of Object.keys(before))
    if (key.startsWith(APP_ARMOR_PREFIX) && now[key] !== before[key])
      errors.push(forbiddenField(`${field}[${key}]`, "may not remove or update AppArmor annotations"));
  for (const key of Object.keys(now))
    if (key.startsWith(APP_ARMOR_PREFIX) && before[key] === undefined)
      errors.push(forbiddenField(`${field}[${key}]`, "may not add AppArmor annotations"));
  if (before[MIRROR] !== undefined && now[MIRROR] !== before[MIRROR])
    errors.push(forbiddenField(`${field}[${MIRROR}]`, "may not remove or update mirror pod annotation"));
  if (before[MIRROR] === undefined && now[MIRROR] !== undefined)
    errors.push(forbiddenField(`${field}[${MIRROR}]`, "may not add mirror pod annotation"));
  return errors;
}
