/** The pods of a workload or a service, and which container of a pod is meant. */
import { type LabelSelectorObject, labelSelectorOf, selectorFromSet } from "@kubets/machinery/label-selector";
import { UsageError } from "../errors.ts";
import { type JsonObject, listAt, mapAt, nameOf, objectAt, textAt } from "../json.ts";
import type { Api } from "../session.ts";
import { pathOf, resourceText } from "./mapper.ts";
import { type Info, infoOf, withKind } from "./select.ts";

/** The label selector of what runs pods, as text. */
export function podSelectorOf({ resource, object }: Pick<Info, "resource" | "object">): string {
  const selector = objectAt(object, "spec", "selector");
  const isMap = ["services", "replicationcontrollers"].includes(resourceText(resource));
  if (Object.keys(selector).length === 0)
    throw new UsageError(`cannot find pods of a ${resource.kind.toLowerCase()} without a selector`);
  return isMap
    ? selectorFromSet(selector as Record<string, string>).toString()
    : labelSelectorOf(selector as LabelSelectorObject).toString();
}

/** Pods by how far they are, those that run best first: the order in which one is taken for all. */
export async function podsOf(api: Api, info: Pick<Info, "resource" | "object" | "namespace">): Promise<Info[]> {
  const resource = (await api.mapper()).resource("pods");
  const list = await api.rest.get(pathOf(resource, info.namespace), {
    query: { labelSelector: podSelectorOf(info) },
    of: { resource },
  });
  return listAt(list, "items")
    .map((item) => infoOf(resource, withKind(item, resource)))
    .sort(
      (a, b) =>
        rank(b.object) - rank(a.object) ||
        textAt(a.object, "metadata", "creationTimestamp").localeCompare(
          textAt(b.object, "metadata", "creationTimestamp"),
        ),
    );
}

function rank(pod: JsonObject): number {
  const phase = ["Pending", "Unknown", "Running"].indexOf(textAt(pod, "status", "phase"));
  return (textAt(pod, "spec", "nodeName") ? 100 : 0) + phase * 10 + (isReady(pod) ? 1 : 0);
}

const isReady = (pod: JsonObject): boolean =>
  listAt(pod, "status", "conditions").some((each) => each.type === "Ready" && each.status === "True");

/** One pod for "pod", "pod/x", "deployment/x". */
export async function onePod(api: Api, written: string, chosen?: (pods: readonly Info[]) => void): Promise<Info> {
  const mapper = await api.mapper();
  const [type, name] = written.includes("/") ? (written.split("/", 2) as [string, string]) : ["pods", written];
  const resource = mapper.resource(type);
  const object = await api.rest.get(pathOf(resource, api.namespace, name), { of: { resource, name } });
  const info = infoOf(resource, withKind(object, resource));
  if (resourceText(resource) === "pods") return info;
  const pods = await podsOf(api, info);
  const [first] = pods;
  if (!first) throw new UsageError(`timed out waiting for the condition`);
  chosen?.(pods);
  return first;
}

const DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container";

export const containerNames = (pod: JsonObject): { init: string[]; main: string[]; ephemeral: string[] } => ({
  init: listAt(pod, "spec", "initContainers").map((each) => textAt(each, "name")),
  main: listAt(pod, "spec", "containers").map((each) => textAt(each, "name")),
  ephemeral: listAt(pod, "spec", "ephemeralContainers").map((each) => textAt(each, "name")),
});

/** The container that is meant where none is named; tells so where there are several. */
export function containerOf(pod: JsonObject, named: string, note: (text: string) => void): string {
  const { init, main, ephemeral } = containerNames(pod);
  const all = [...main, ...ephemeral, ...init];
  if (named) {
    if (!all.includes(named))
      throw new UsageError(
        `container ${named} not found in pod ${nameOf(pod)}_${textAt(pod, "metadata", "namespace")}`,
      );
    return named;
  }
  const annotated = mapAt(pod, "metadata", "annotations")[DEFAULT_CONTAINER];
  if (annotated && all.includes(annotated)) return annotated;
  if (annotated) note(`Default container name ${JSON.stringify(annotated)} not found in pod ${nameOf(pod)}`);
  const first = main[0] ?? "";
  if (all.length > 1)
    note(
      `Defaulted container ${JSON.stringify(first)} out of: ${[...main, ...ephemeral.map((each) => `${each} (ephem)`), ...init.map((each) => `${each} (init)`)].join(", ")}`,
    );
  return first;
}
