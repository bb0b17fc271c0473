/** Profiles that stand both in annotations, as they once did, and in fields: the two must say the same. */
import { type FieldError, forbiddenField } from "@kubets/machinery";
import type { PodSpec } from "../generated/types/core-v1.ts";
import { APP_ARMOR_PREFIX, SECCOMP_CONTAINER_PREFIX, SECCOMP_POD } from "./annotation-names.ts";
import { placedContainers } from "./containers.ts";

type Annotations = Readonly<Record<string, string>>;
interface Profile {
  readonly type: string;
  readonly localhostProfile?: string;
}

const LOCALHOST = "localhost/";

export function seccompMismatches(annotations: Annotations, spec: PodSpec, field: string): FieldError[] {
  const ofPod = spec.securityContext?.seccompProfile;
  const errors = mismatch(annotations[SECCOMP_POD], ofPod, `${field}.securityContext.seccompProfile`, "seccomp");
  for (const { container, field: at } of placedContainers(spec, field)) {
    const annotation = annotations[SECCOMP_CONTAINER_PREFIX + container.name];
    const path = `${at}.securityContext.seccompProfile`;
    errors.push(...mismatch(annotation, container.securityContext?.seccompProfile, path, "seccomp"));
  }
  return errors;
}

/** Only in templates and when a pod is made: the field is what counts afterwards. */
export function appArmorMismatches(annotations: Annotations, spec: PodSpec, field: string): FieldError[] {
  if (spec.os?.name === "windows") return [];
  return placedContainers(spec, field).flatMap(({ container, field: at }) => {
    const profile = container.securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile;
    const annotation = annotations[APP_ARMOR_PREFIX + container.name];
    return mismatch(annotation, profile, `${at}.securityContext.appArmorProfile`, "apparmor");
  });
}

function mismatch(
  annotation: string | undefined,
  profile: Profile | undefined,
  at: string,
  what: string,
): FieldError[] {
  if (annotation === undefined || !profile) return [];
  const says = (name: string, part: string) => [
    forbiddenField(`${at}.${name}`, `${what} ${part} in annotation and field must match`),
  ];
  if (profile.type !== "Localhost")
    return annotationsOf(profile.type, what).includes(annotation) ? [] : says("type", "type");
  if (!annotation.startsWith(LOCALHOST)) return says("type", "type");
  return annotation.slice(LOCALHOST.length) === profile.localhostProfile ? [] : says("localhostProfile", "profile");
}

/** A type that nobody knows is told of elsewhere. */
function annotationsOf(type: string, what: string): readonly string[] {
  if (type === "Unconfined") return ["unconfined"];
  return what === "seccomp" ? ["runtime/default", "docker/default"] : ["runtime/default"];
}
