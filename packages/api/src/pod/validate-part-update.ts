/** The two parts of a pod that change on their own ways: ephemeral containers, which only grow, and resources, which may be resized. */
import { type FieldError, forbiddenField, invalidValue } from "@kubets/machinery";
import { clone } from "@kubets/machinery/clone";
import { deepEqual, semanticEqual } from "@kubets/machinery/deep-equal";
import { joined } from "@kubets/machinery/joined";
import type { Container, Pod, PodSpec } from "../generated/types/core-v1.ts";
import type { Draft } from "../meta.ts";
import type { WriteContext } from "../resource.ts";
import { isSidecar } from "./containers.ts";
import { computeQosClass } from "./qos.ts";
import { difference } from "./spec-difference.ts";
import { isMirror } from "./state.ts";
import { validatePod } from "./validate-template.ts";

export function validateEphemeralUpdate(pod: Pod, old: Pod, write: WriteContext): FieldError[] {
  const errors = validatePod(pod, write);
  if (isMirror(old)) return [forbiddenField("[]", "static pods do not support ephemeral containers")];
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
  if (isMirror(old)) return [forbiddenField("[]", "static pods cannot be resized")];
  if (old.spec.os?.name === "windows") return [forbiddenField("[]", "windows pods cannot be resized")];

  const lists = ["containers", "initContainers"] as const;
  const kept = lists.every((list) => sameNames(pod.spec[list], old.spec[list]));
  if (!kept) return [...errors, forbiddenField("spec.containers", "containers may not be added or removed on resize")];

  const qos = old.status.qosClass ?? computeQosClass(old.spec);
  if (computeQosClass(pod.spec) !== qos)
    errors.push(invalidValue("spec", qos, "Pod QOS Class may not change as a result of resizing"));
  if (!nodeCanResize(old)) errors.push(forbiddenField("spec", "Pod running on node without support for resize"));
  const { resources } = old.spec;
  if (resources) errors.push(...removedErrors(pod.spec, { resources }, "spec.resources"));
  for (const list of ["initContainers", "containers"] as const)
    for (const [i, before] of (old.spec[list] ?? []).entries())
      if (list === "containers" || isSidecar(before))
        errors.push(...removedErrors(pod.spec[list]?.[i] as Container, before, `spec.${list}[${i}].resources`));
  errors.push(...otherChanges(pod.spec, old.spec));
  if (errors.length || semanticEqual(withoutResizable(pod.spec, old.spec), old.spec)) return errors;
  return [forbiddenField("spec", ONLY_CPU_AND_MEMORY)];
}
const ONLY_CPU_AND_MEMORY = "only cpu and memory resources are mutable";

/** A node that reports what its containers have can change it; of one that runs none yet it is taken for granted. */
function nodeCanResize({ status }: Pod): boolean {
  const running = status.containerStatuses?.find(({ state }) => state?.running);
  return !running || running.resources !== undefined;
}

/** One error for each container of which more changes than cpu and memory. */
function otherChanges(spec: PodSpec, old: PodSpec): FieldError[] {
  const munged = withoutResizable(spec, old);
  const changed = (list: "containers" | "initContainers") =>
    (old[list] ?? []).filter((before, i) => !semanticEqual(munged[list]?.[i], before));
  return joined(
    changed("containers").map(() => forbiddenField("spec", ONLY_CPU_AND_MEMORY)),
    changed("initContainers").map((before) =>
      forbiddenField(
        "spec",
        isSidecar(before)
          ? "only cpu and memory resources for sidecar containers are mutable"
          : "resources for non-sidecar init containers are immutable",
      ),
    ),
  );
}

const sameNames = (a: readonly Container[] = [], b: readonly Container[] = []): boolean =>
  a.length === b.length && a.every(({ name }, i) => name === b[i]?.name);

/** What was asked for or limited stays so, with another amount. */
function removedErrors(now: Resourceful, before: Resourceful, field: string): FieldError[] {
  return (["requests", "limits"] as const).flatMap((list) => {
    const gone = Object.keys(before.resources?.[list] ?? {}).some(
      (name) => now.resources?.[list]?.[name] === undefined,
    );
    return gone ? [forbiddenField(`${field}.${list}`, `resource ${list} cannot be removed`)] : [];
  });
}

/** The spec with the amounts that may change put back. */
function withoutResizable(spec: PodSpec, old: PodSpec): PodSpec {
  const munged = clone(spec) as Draft<PodSpec>;
  if (munged.resources) putBack(munged, old);
  for (const list of ["containers", "initContainers"] as const)
    for (const [i, container] of (munged[list] ?? []).entries()) {
      const before = old[list]?.[i] as Container;
      if (list === "containers" || isSidecar(before)) putBack(container, before);
    }
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
