/** A service: its addresses, and for each port the endpoints behind it. */
import { joinHostPort } from "@kubets/machinery/ip";
import { selectorFromSet } from "@kubets/machinery/label-selector";
import { type JsonObject, listAt, mapAt, textAt, textsAt } from "../json.ts";
import { type Describer, type Describing, itemsAt } from "./describer.ts";
import { eventLines } from "./events.ts";
import { type Lines, orNone } from "./lines.ts";
import { annotations, head, labels } from "./metadata.ts";

export const service: Describer = async (describing) => {
  const { object, lines, events, now } = describing;
  head(lines, object);
  labels(lines, object);
  annotations(lines, object);
  lines.field(0, "Selector", orNone(selectorFromSet(mapAt(object, "spec", "selector")).toString()));
  lines.field(0, "Type", textAt(object, "spec", "type"));
  addresses(lines, object);
  await ports(describing);
  lines.field(0, "Session Affinity", textAt(object, "spec", "sessionAffinity"));
  for (const [title, field] of [
    ["External Traffic Policy", "externalTrafficPolicy"],
    ["Internal Traffic Policy", "internalTrafficPolicy"],
    ["Traffic Distribution", "trafficDistribution"],
    ["HealthCheck NodePort", "healthCheckNodePort"],
  ] as const) {
    const value = textAt(object, "spec", field);
    if (value && value !== "0") lines.field(0, title, value);
  }
  const ranges = textsAt(object, "spec", "loadBalancerSourceRanges");
  if (ranges.length > 0) lines.field(0, "LoadBalancer Source Ranges", ranges.join(","));
  eventLines(lines, events, now);
};

function addresses(lines: Lines, object: JsonObject): void {
  const spec = (field: string) => textAt(object, "spec", field);
  if (spec("ipFamilyPolicy")) lines.field(0, "IP Family Policy", spec("ipFamilyPolicy"));
  lines.field(0, "IP Families", orNone(textsAt(object, "spec", "ipFamilies").join(",")));
  lines.field(0, "IP", spec("clusterIP"));
  lines.field(0, "IPs", orNone(textsAt(object, "spec", "clusterIPs").join(",")));
  const external = textsAt(object, "spec", "externalIPs");
  if (external.length > 0) lines.field(0, "External IPs", external.join(","));
  if (spec("loadBalancerIP")) lines.field(0, "Desired LoadBalancer IP", spec("loadBalancerIP"));
  if (spec("externalName")) lines.field(0, "External Name", spec("externalName"));
  const ingress = listAt(object, "status", "loadBalancer", "ingress").map(
    (each) => textAt(each, "ip") || textAt(each, "hostname"),
  );
  if (ingress.length > 0) lines.field(0, "LoadBalancer Ingress", ingress.join(", "));
}

async function ports({ object, lines, api, info }: Describing): Promise<void> {
  const slices = await itemsAt(api, `/apis/discovery.k8s.io/v1/namespaces/${info.namespace}/endpointslices`, {
    labelSelector: `kubernetes.io/service-name=${info.name}`,
  });
  for (const port of listAt(object, "spec", "ports")) {
    const protocol = textAt(port, "protocol") || "TCP";
    const name = textAt(port, "name");
    lines.line(0, `Port:\t${name || "<unset>"}\t${textAt(port, "port")}/${protocol}`);
    lines.field(0, "TargetPort", `${textAt(port, "targetPort") || textAt(port, "port")}/${protocol}`);
    const nodePort = textAt(port, "nodePort");
    if (nodePort && nodePort !== "0") lines.line(0, `NodePort:\t${name || "<unset>"}\t${nodePort}/${protocol}`);
    lines.field(0, "Endpoints", endpointsText(slices, name));
  }
}

const SHOWN = 3;

function endpointsText(slices: readonly JsonObject[], name: string): string {
  const found = slices.flatMap((slice) => {
    const port = listAt(slice, "ports").find((each) => textAt(each, "name") === name);
    if (!port) return [];
    return listAt(slice, "endpoints")
      .filter((each) => textAt(each, "conditions", "ready") !== "false")
      .flatMap((each) => textsAt(each, "addresses").map((address) => joinHostPort(address, textAt(port, "port"))));
  });
  if (found.length === 0) return slices.length > 0 ? "" : "<none>";
  const more = found.length > SHOWN ? ` + ${found.length - SHOWN} more...` : "";
  return found.slice(0, SHOWN).join(",") + more;
}
