/** The volumes of a pod: names, and exactly one source for each. */
import { duplicate, type FieldError, forbiddenField, required } from "@kubets/machinery";
import { dns1123Label } from "@kubets/machinery/names";
import type { PodSpec, Volume } from "../generated/types/core-v1.ts";
import { requiredName } from "./field-checks.ts";
import { VOLUME_SOURCES, type VolumeContext } from "./validate-volume-source.ts";

interface CheckedVolumes {
  readonly errors: FieldError[];
  /** Those without errors: what containers may mount. */
  readonly valid: ReadonlyMap<string, Volume>;
}

export function validateVolumes(spec: PodSpec, field: string, context: VolumeContext): CheckedVolumes {
  const errors: FieldError[] = [];
  const valid = new Map<string, Volume>();
  spec.volumes?.forEach((volume, i) => {
    const at = `${field}[${i}]`;
    const own = sourceErrors(volume, at, context);
    own.push(...requiredName(`${at}.name`, volume.name, dns1123Label));
    if (valid.has(volume.name)) own.push(duplicate(`${at}.name`, volume.name));
    if (own.length === 0) valid.set(volume.name, volume);
    errors.push(...own);
  });
  return { errors, valid };
}

function sourceErrors(volume: Volume, at: string, context: VolumeContext): FieldError[] {
  const errors: FieldError[] = [];
  let found = 0;
  VOLUME_SOURCES.forEach(([name, check]) => {
    if (volume[name] === undefined) return;
    if (found++ > 0) errors.push(forbiddenField(`${at}.${name}`, "may not specify more than 1 volume type"));
    else errors.push(...check(volume, `${at}.${name}`, context));
  });
  return found ? errors : [...errors, required(at, "must specify a volume type")];
}
