/**
 * Which of the built-in resources are served: all that are stable, those of alpha and beta versions that `--runtime-config` asks for and whose feature, where they have one, is on, and without
 * those that it switches off.
 */
import { builtInResources, resourcesOnRequest } from "./all.ts";
import type { ResourceDefinition } from "./resource.ts";
import { groupVersion } from "./resource-ref.ts";

/** The server reads or writes these itself. */
const NEEDED: ReadonlySet<string> = new Set([
  "",
  ..."admissionregistration apiextensions apiregistration authentication authorization certificates coordination".split(
    " ",
  ),
  ..."discovery flowcontrol networking node policy rbac scheduling storage".split(" "),
]);

/** `api/beta=true`, `storagemigration.k8s.io/v1beta1`, `batch/v1/cronjobs=false`; throws when no group is named so. */
export function servedResources(
  config: readonly string[],
  featureEnabled: (gate: string) => boolean,
): readonly ResourceDefinition[] {
  const all = [...builtInResources, ...resourcesOnRequest];
  const settings = new Map(config.map(readSetting));
  for (const [name, on] of settings) {
    const meant = all.filter((each) => namesOf(each).includes(name));
    if (meant.length === 0 && !isKnown(name, all)) throw new Error(`unknown api groups ${name}`);
    if (!on && meant.some(({ group, stability }) => !stability && NEEDED.has(group.split(".")[0] as string)))
      throw new Error(`${name} cannot be switched off: the server itself needs it`);
  }
  return all.filter((each) => {
    if (each.gate && !featureEnabled(each.gate)) return false;
    const name = namesOf(each).find((one) => settings.has(one));
    return name === undefined ? !each.stability : settings.get(name) === true;
  });
}

/** A version that its group does not have here, or not any more, is no mistake. */
const isKnown = (name: string, all: readonly ResourceDefinition[]): boolean => {
  const group = name.split("/")[0] as string;
  return group === "api" || all.some((each) => each.group === group);
};

/** What stands for a resource, the most particular first. */
const namesOf = (each: ResourceDefinition): string[] => [
  `${groupVersion(each)}/${each.resource}`,
  groupVersion(each),
  `api/${each.stability ?? "ga"}`,
  "api/all",
];

function readSetting(text: string): [name: string, on: boolean] {
  const [name = "", value = "true"] = text.split("=");
  if (value !== "true" && value !== "false") throw new Error(`invalid value ${text}: true or false is due`);
  return [name, value === "true"];
}
