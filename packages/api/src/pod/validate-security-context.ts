/** Security contexts of containers and of pods: ids, profiles, privileges. */
import { type FieldError, forbiddenField, invalidValue, required } from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import type {
  AppArmorProfile,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
} from "../generated/types/core-v1.ts";
import type { WriteContext } from "../resource.ts";
import { atMostBytes, known, localPath, oneOf, rangeErrors } from "./field-checks.ts";
import { internalForm } from "./internal-form.ts";
import { validateSysctls } from "./validate-sysctls.ts";
import { validateWindowsOptions } from "./validate-windows.ts";

/** The longest path of a file, without its end. */
const MAX_PROFILE = 4095;
const MAX_ID = 2147483647;
const PROFILES = ["Localhost", "RuntimeDefault", "Unconfined"];

const idErrors = (field: string, id: number | undefined): FieldError[] =>
  id === undefined ? [] : rangeErrors(field, id, 0, MAX_ID);

export function validateSecurityContext(
  context: SecurityContext | undefined,
  field: string,
  spec: PodSpec,
  write: WriteContext,
): FieldError[] {
  if (!context) return [];
  const errors: FieldError[] = [];
  if (context.privileged && !write.allowPrivileged)
    errors.push(forbiddenField(`${field}.privileged`, "disallowed by cluster policy"));
  errors.push(...idErrors(`${field}.runAsUser`, context.runAsUser));
  errors.push(...idErrors(`${field}.runAsGroup`, context.runAsGroup));
  errors.push(...procMountErrors(context.procMount, `${field}.procMount`, spec));
  errors.push(...seccompErrors(context.seccompProfile, `${field}.seccompProfile`));
  errors.push(...escalationErrors(context, field));
  errors.push(...validateWindowsOptions(context.windowsOptions, `${field}.windowsOptions`));
  return joined(errors, appArmorErrors(context.appArmorProfile, `${field}.appArmorProfile`));
}

function procMountErrors(procMount: string | undefined, field: string, spec: PodSpec): FieldError[] {
  if (procMount === undefined) return [];
  const errors = known(field, procMount, ["Default", "Unmasked"]);
  if (procMount === "Unmasked" && (spec.hostUsers ?? true))
    errors.push(invalidValue(field, procMount, "`hostUsers` must be false to use `Unmasked`"));
  return errors;
}

function escalationErrors(context: SecurityContext, field: string): FieldError[] {
  if (context.allowPrivilegeEscalation !== false) return [];
  const says = (what: string) =>
    invalidValue(
      field,
      internalForm("SecurityContext", context),
      `cannot set \`allowPrivilegeEscalation\` to false and ${what}`,
    );
  const errors = context.privileged ? [says("`privileged` to true")] : [];
  for (const capability of context.capabilities?.add ?? [])
    if (capability === "CAP_SYS_ADMIN") errors.push(says("`capabilities.Add` CAP_SYS_ADMIN"));
  return errors;
}

function seccompErrors(profile: SeccompProfile | undefined, field: string): FieldError[] {
  if (!profile) return [];
  const { type, localhostProfile } = profile;
  const errors = type
    ? known(`${field}.type`, type, PROFILES)
    : [required(`${field}.type`, "type is required when seccompProfile is set")];
  const path = `${field}.localhostProfile`;
  if (type === "Localhost") {
    if (localhostProfile === undefined) errors.push(required(path, "must be set when seccomp type is Localhost"));
    else errors.push(...localPath(path, localhostProfile));
  } else if (localhostProfile !== undefined) {
    const value = internalForm("SeccompProfile", profile);
    errors.push(invalidValue(path, value, "can only be set when seccomp type is Localhost"));
  }
  return errors;
}

function appArmorErrors(profile: AppArmorProfile | undefined, field: string): FieldError[] {
  if (!profile) return [];
  const { type, localhostProfile } = profile;
  const path = `${field}.localhostProfile`;
  if (!type) return [required(`${field}.type`, "type is required when appArmorProfile is set")];
  if (type === "Localhost") return localhostErrors(path, localhostProfile);
  if (!PROFILES.includes(type)) return known(`${field}.type`, type, PROFILES);
  return localhostProfile === undefined
    ? []
    : [invalidValue(path, localhostProfile, "can only be set when AppArmor type is Localhost")];
}

function localhostErrors(path: string, profile: string | undefined): FieldError[] {
  const trimmed = profile?.trim();
  if (profile === undefined || trimmed === "") return [required(path, "must be set when AppArmor type is Localhost")];
  const errors = trimmed === profile ? [] : [invalidValue(path, profile, "must not be padded with whitespace")];
  return joined(errors, atMostBytes(path, profile, MAX_PROFILE));
}

export function validatePodSecurityContext(spec: PodSpec, field: string): FieldError[] {
  const context: PodSecurityContext = spec.securityContext ?? {};
  const at = `${field}.securityContext`;
  const errors = idErrors(`${at}.fsGroup`, context.fsGroup);
  errors.push(...idErrors(`${at}.runAsUser`, context.runAsUser));
  errors.push(...idErrors(`${at}.runAsGroup`, context.runAsGroup));
  for (const [i, id] of (context.supplementalGroups ?? []).entries())
    errors.push(...idErrors(`${at}.supplementalGroups[${i}]`, id));
  if (spec.shareProcessNamespace && spec.hostPID)
    errors.push(
      invalidValue(`${at}.shareProcessNamespace`, true, "ShareProcessNamespace and HostPID cannot both be enabled"),
    );
  errors.push(...validateSysctls(context.sysctls, `${at}.sysctls`, spec));
  errors.push(...optional(`${at}.fsGroupChangePolicy`, context.fsGroupChangePolicy, ["Always", "OnRootMismatch"]));
  errors.push(...seccompErrors(context.seccompProfile, `${at}.seccompProfile`));
  errors.push(...validateWindowsOptions(context.windowsOptions, `${at}.windowsOptions`));
  errors.push(...appArmorErrors(context.appArmorProfile, `${at}.appArmorProfile`));
  errors.push(...optional(`${at}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, ["Merge", "Strict"]));
  return joined(
    errors,
    optional(`${at}.seLinuxChangePolicy`, context.seLinuxChangePolicy, ["MountOption", "Recursive"]),
  );
}

const optional = (field: string, value: string | undefined, allowed: readonly string[]): FieldError[] =>
  value === undefined ? [] : oneOf(field, value, allowed);
