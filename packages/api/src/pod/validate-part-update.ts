/** The two parts of a pod that change on their own ways: ephemeral containers, which only grow, and resources, which may be resized. */
import { type FieldError, forbiddenField, invalidValue } from "@kubets/machinery";
import { deepEqual, semanticEqual } from "@kubets/machinery/deep-equal";
import type { Container, Pod, PodSpec } from "../generated/types/core-v1.ts";
import type { Draft } from "../meta.ts";
import type { WriteContext } from "../resource.ts";
import { computeQosClass } from "./qos.ts";
import { difference } from "./spec-difference.ts";
import { isMirror } from "./state.ts";
import { validatePod } from "./validate-template.ts";

export function validateEphemeralUpdate(pod: Pod, old: Pod, write: WriteContext): FieldError[] {
  const errors = validatePod(pod, write);
  if (isMirror(old)) return [...errors, forbiddenField("[]", "static pods do not support ephemeral containers")];
  const field = "spec.ephemeralContainers";
  const now = new Map((pod.spec.ephemeralContainers ?? []).map((container) => [container.name, container]));
  for (const before of old.spec.ephemeralContainers ?? []) {
    const name = JSON.stringify(before.name);
    const found = now.get(before.name);
    if (!found) errors.push(forbiddenField(field, `existing ephemeral containers ${name} may not be removed\n`));
    else if (!deepEqual(found, before)) {
      const detail = `existing ephemeral containers ${name} may not be changed\n${difference(before, found, name)}`;
      errors.push(forbiddenField(field, detail));
    }
  }
  return errors;
}

const RESIZABLE = ["cpu", "memory"];
type Resourceful = Pick<PodSpec, "resources">;

export function validateResize(pod: Pod, old: Pod, write: WriteContext): FieldError[] {
  const errors = validatePod(pod, write);
  if (isMirror(old)) return [...errors, forbiddenField("[]", "static pods cannot be resized")];
  if (old.spec.os?.name === "windows") return [...errors, forbiddenField("[]", "windows pods cannot be resized")];

  const lists = ["containers", "initContainers"] as const;
  const kept = lists.every((list) => sameNames(pod.spec[list], old.spec[list]));
  if (!kept) return [...errors, forbiddenField("spec.containers", "containers may not be added or removed on resize")];

  const qos = old.status.qosClass ?? computeQosClass(old.spec);
  if (computeQosClass(pod.spec) !== qos)
    errors.push(invalidValue("spec", qos, "Pod QOS Class may not change as a result of resizing"));
  const { resources } = old.spec;
  if (resources) errors.push(...removedErrors(pod.spec, { resources }, "spec.resources"));
  for (const list of lists)
    for (const [i, container] of (pod.spec[list] ?? []).entries())
      errors.push(...removedErrors(container, old.spec[list]?.[i] as Container, `spec.${list}[${i}].resources`));
  if (!semanticEqual(withoutResizable(pod.spec, old.spec), old.spec))
    errors.push(forbiddenField("spec", "only cpu and memory resources are mutable"));
  return errors;
}

const sameNames = (a: readonly Container[] = [], b: readonly Container[] = []): boolean =>
  a.length === b.length && a.every(({ name }, i) => name === b[i]?.name);

/** What was asked for or limited stays so, with another amount. */
function removedErrors(now: Resourceful, before: Resourceful, field: string): FieldError[] {
  return (["requests", "limits"] as const).flatMap((list) => {
    const gone = RESIZABLE.some(
      (name) => before.resources?.[list]?.[name] !== undefined && now.resources?.[list]?.[name] === undefined,
    );
    return gone ? [forbiddenField(`${field}.${list}`, `resource ${list} cannot be removed`)] : [];
  });
}

/** The spec with the amounts that may change put back. */
function withoutResizable(spec: PodSpec, old: PodSpec): PodSpec {
  const munged = structuredClone(spec) as Draft<PodSpec>;
  if (munged.resources) putBack(munged, old);
  for (const list of ["containers", "initContainers"] as const)
    for (const [i, container] of (munged[list] ?? []).entries()) putBack(container, old[list]?.[i] as Container);
  return munged as PodSpec;
}

function putBack(container: Draft<Resourceful>, old: Resourceful): void {
  for (const list of ["requests", "limits"] as const)
    for (const name of RESIZABLE) {
      const before = old.resources?.[list]?.[name];
      if (before !== undefined) ((container.resources ??= {})[list] ??= {})[name] = before;
      else if (container.resources?.[list]) delete container.resources[list][name];
    }
}
