/**
 * Without it the pods of a namespace could leave the nodes that an operator has set apart for them. The namespace says which by an annotation; its
 * configuration says so for those that do not, and what more the pods of a namespace may ask for.
 */
import { namespaces, pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Draft } from "@kubets/api/meta";
import { ConfigError } from "@kubets/machinery/config-file";
import { isObject } from "@kubets/machinery/json-value";
import { parseYaml } from "@kubets/machinery/yaml";
import type { PluginConfiguration } from "../configuration.ts";
import type { AdmissionPlugin, AdmissionRequest, ClusterView } from "../plugin.ts";
import { isWhole, refuse } from "../request.ts";

const ANNOTATION = "scheduler.alpha.kubernetes.io/node-selector";
const OF_ALL = "clusterDefaultNodeSelector";

type Selector = Readonly<Record<string, string>>;

export function podNodeSelector(given: PluginConfiguration | undefined): AdmissionPlugin {
  const configured = given ? readSelectors(given) : {};
  return {
    name: "PodNodeSelector",
    handles: (operation, resource, subresource) => operation === "CREATE" && isWhole(pods, resource, subresource),
    mutate(request, { view }) {
      const { spec } = request.object as unknown as Draft<Pod>;
      const wanted = wantedBy(request, view, configured);
      checkConflict(request, wanted, spec.nodeSelector);
      if (Object.keys(wanted).length) spec.nodeSelector = { ...wanted, ...spec.nodeSelector };
    },
    validate(request, { view }) {
      const { nodeSelector = {} } = (request.object as unknown as Pod).spec;
      checkConflict(request, wantedBy(request, view, configured), nodeSelector);
      const allowed = configured[request.namespace] ?? {};
      const isAllowed = ([key, value]: [string, string]) => allowed[key] === value;
      if (Object.keys(allowed).length && !Object.entries(nodeSelector).every(isAllowed))
        throw refuse(request, "pod node label selector labels conflict with its namespace whitelist");
    },
  };
}

function wantedBy({ namespace }: AdmissionRequest, view: ClusterView, configured: Readonly<Record<string, Selector>>) {
  const said = view.get(namespaces, "", namespace)?.metadata.annotations?.[ANNOTATION];
  return said === undefined ? (configured[OF_ALL] ?? {}) : selectorOf(said);
}

function checkConflict(request: AdmissionRequest, wanted: Selector, own: Selector | undefined): void {
  for (const [key, value] of Object.entries(wanted))
    if (own?.[key] !== undefined && own[key] !== value)
      throw refuse(request, "pod node label selector conflicts with its namespace node label selector");
}

/** By the name of a namespace, or `clusterDefaultNodeSelector`. */
function readSelectors({ text, from }: PluginConfiguration): Record<string, Selector> {
  const whole = parseYaml(text);
  const read = isObject(whole) ? whole["podNodeSelectorPluginConfig"] : undefined;
  if (!isObject(read))
    throw new ConfigError(`${from}: podNodeSelectorPluginConfig with a selector for each namespace is needed`);
  return Object.fromEntries(
    Object.entries(read).map(([name, selector]) => {
      if (typeof selector === "string") return [name, selectorOf(selector)];
      throw new ConfigError(`${from}: podNodeSelectorPluginConfig.${name} must be text such as "team=a,disk=ssd"`);
    }),
  );
}

/** "a=b,c=d". */
function selectorOf(text: string): Selector {
  return Object.fromEntries(
    text.split(",").flatMap((part) => {
      const [key, value = ""] = part.split("=").map((it) => it.trim());
      return key ? [[key, value]] : [];
    }),
  );
}
