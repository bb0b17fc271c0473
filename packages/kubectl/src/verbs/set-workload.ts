/** What the verbs below `set` share: the objects that run containers, a change of each, and how it is told. */
import { deepEqual } from "@kubets/machinery/deep-equal";
import { patchObject } from "../api/write.ts";
import { structFor } from "../apply/struct.ts";
import { threeWayPatch } from "../apply/three-way.ts";
import { asError, throwAll, UsageError } from "../errors.ts";
import { type JsonObject, listAt, objectAt } from "../json.ts";
import { resultPrinter } from "../print/result.ts";
import { resourceText } from "../resources/mapper.ts";
import { type Info, select } from "../resources/select.ts";
import type { Session } from "../session.ts";
import {
  bool,
  dryRunFlag,
  dryRunOf,
  fieldManagerFlag,
  fileFlags,
  localFlag,
  outputFlags,
  selectorFlag,
} from "./flags.ts";

export const workloadFlags = {
  ...fileFlags,
  ...selectorFlag,
  ...outputFlags,
  ...dryRunFlag,
  ...localFlag,
  ...fieldManagerFlag("kubectl-set"),
  all: bool({ help: "All objects of the type." }),
};

interface WorkloadFlags {
  readonly filename: readonly string[];
  readonly recursive: boolean;
  readonly selector: string;
  readonly output: string;
  readonly template: string;
  readonly "show-managed-fields": boolean;
  readonly "dry-run": string;
  readonly local: boolean;
  readonly "field-manager": string;
  readonly all: boolean;
}

/** Where the pod's spec stands in objects of a resource. */
export function podSpecPath(info: Info): readonly string[] {
  switch (resourceText(info.resource)) {
    case "pods":
      return ["spec"];
    case "cronjobs.batch":
      return ["spec", "jobTemplate", "spec", "template", "spec"];
    default:
      return ["spec", "template", "spec"];
  }
}

interface Change {
  /** How messages call the verb. */
  readonly verb: string;
  readonly did: string;
  /** Changes the object; undefined leaves it. */
  change(info: Info): JsonObject | undefined | Promise<JsonObject | undefined>;
}

/** Changes all that is selected; what is changed already is told of too where the verb says so. */
export async function changeAll(
  session: Session,
  flags: WorkloadFlags,
  args: readonly string[],
  { verb, did, change }: Change,
): Promise<void> {
  const dryRun = dryRunOf(flags["dry-run"]);
  const api = await session.api();
  const tell = await resultPrinter(session, { ...flags, typed: true });
  const { infos, errors } = await select(api, {
    verb,
    args,
    files: flags.filename,
    recursive: flags.recursive,
    selector: flags.selector,
    all: flags.all,
    local: flags.local,
  });
  const failures = [...errors];
  for (const info of infos) {
    try {
      const wanted = await change(info);
      if (!wanted || deepEqual(wanted, info.object)) continue;
      if (flags.local || dryRun === "client") {
        tell(info, wanted, did, dryRun);
        continue;
      }
      const struct = structFor(info.resource);
      const patch = threeWayPatch(info.object, wanted, info.object, struct);
      const options = { dryRun, fieldManager: flags["field-manager"] };
      tell(info, await patchObject(api, info, struct ? "strategic" : "merge", patch, options), did, dryRun);
    } catch (error) {
      failures.push(asError(error));
    }
  }
  throwAll(failures);
}

/** A copy of the object in which the pod's spec is another. */
export function withPodSpec(info: Info, make: (spec: JsonObject) => JsonObject): JsonObject {
  const path = podSpecPath(info);
  const place = (object: JsonObject, [name = "", ...rest]: readonly string[]): JsonObject => ({
    ...object,
    [name]: rest.length ? place(objectAt(object, name), rest) : make(objectAt(object, name)),
  });
  return place(info.object, path);
}

/** Changes those containers whose names fit a pattern, where `*` stands for any text; `none` is told when there is none. */
export function withContainers(
  spec: JsonObject,
  pattern: string,
  make: (container: JsonObject) => JsonObject,
  none: () => void = () => {
    throw new UsageError(`unable to find container named ${pattern}`);
  },
): JsonObject {
  const wanted = new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);
  let found = 0;
  const changed = Object.fromEntries(
    ["initContainers", "containers"]
      .filter((field) => Array.isArray(spec[field]))
      .map((field) => [
        field,
        listAt(spec, field).map((container) => {
          if (!wanted.test(String(container["name"]))) return container;
          found++;
          return make(container);
        }),
      ]),
  );
  if (found === 0) none();
  return { ...spec, ...changed };
}
