/** Resources of a pod as a whole: they must hold what its containers ask for together. */
import { type FieldError, forbiddenField, invalidValue } from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import { parseQuantity } from "@kubets/machinery/quantity";
import type { PodSpec } from "../generated/types/core-v1.ts";
import { containersTotal, isPodLevelResource } from "./resources.ts";
import { podResourceName, validateResources } from "./validate-resources.ts";

export function validatePodResources(spec: PodSpec, field: string, claimNames: ReadonlySet<string>): FieldError[] {
  const { resources } = spec;
  if (!resources) return [];
  if (resources.claims?.length)
    return [forbiddenField(`${field}.claims`, "claims cannot be set for Resources at pod-level")];
  return joined(
    validateResources(resources, field, podResourceName, claimNames),
    requestErrors(spec, field),
    limitErrors(spec, field),
  );
}

function requestErrors(spec: PodSpec, field: string): FieldError[] {
  const total = containersTotal(spec, "requests");
  return Object.entries(spec.resources?.requests ?? {}).flatMap(([name, text]) => {
    const asked = total.get(name);
    if (!asked || !isPodLevelResource(name) || parseQuantity(text).compare(asked) >= 0) return [];
    const detail = `must be greater than or equal to aggregate container requests of ${asked}`;
    return [invalidValue(`${field}.requests[${name}]`, text, detail)];
  });
}

/** No container may use more than the pod. */
const limitErrors = (spec: PodSpec, field: string): FieldError[] =>
  spec.containers.flatMap(({ resources }, i) =>
    Object.entries(resources?.limits ?? {}).flatMap(([name, text]) => {
      const limit = spec.resources?.limits?.[name];
      if (limit === undefined || parseQuantity(text).compare(parseQuantity(limit)) <= 0) return [];
      const detail = `must be less than or equal to pod limits of ${limit}`;
      return [invalidValue(`${field}.containers[${i}][${name}].limits`, text, detail)];
    }),
  );
