/** An ingress: which hosts and paths lead to which services, and what stands behind those. */
import { isReason } from "@kubets/machinery/status-error";
import { LAST_APPLIED } from "../apply/last-applied.ts";
import { at, type JsonObject, listAt, mapAt, nameOf, namespaceOf, objectAt, textAt, textsAt } from "../json.ts";
import { type Describer, type Describing, itemsAt } from "./describer.ts";
import { eventLines } from "./events.ts";
import { orNone } from "./lines.ts";
import { annotations, labels } from "./metadata.ts";

export const ingress: Describer = async (describing) => {
  const { object, lines, events, now } = describing;
  lines.field(0, "Name", nameOf(object));
  labels(lines, object);
  lines.field(0, "Namespace", namespaceOf(object));
  const addresses = listAt(object, "status", "loadBalancer", "ingress").map(
    (a) => textAt(a, "ip") || textAt(a, "hostname"),
  );
  lines.field(0, "Address", addresses.join(","));
  lines.field(0, "Ingress Class", orNone(textAt(object, "spec", "ingressClassName")));
  const standard = at(object, "spec", "defaultBackend") as JsonObject | undefined;
  lines.field(0, "Default backend", standard ? await backendText(describing, standard) : "<default>");
  const tls = listAt(object, "spec", "tls");
  if (tls.length) {
    lines.line(0, "TLS:");
    for (const each of tls) {
      const hosts = textsAt(each, "hosts").join(",");
      const secret = textAt(each, "secretName");
      lines.line(1, secret ? `${secret} terminates ${hosts}` : `SNI routes ${hosts}`);
    }
  }
  lines.line(0, "Rules:\n  Host\tPath\tBackends\n  ----\t----\t--------");
  const rules = listAt(object, "spec", "rules");
  for (const rule of rules) {
    lines.line(1, `${textAt(rule, "host") || "*"}\t`);
    for (const path of listAt(rule, "http", "paths"))
      lines.line(1, `\t${textAt(path, "path")} \t${await backendText(describing, at(path, "backend") as JsonObject)}`);
  }
  if (rules.length === 0 && standard) lines.line(1, `*\t*\t${await backendText(describing, standard)}`);
  const notes = Object.entries(mapAt(object, "metadata", "annotations")).filter(([key]) => key !== LAST_APPLIED);
  const [first = "<none>", ...more] = notes
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${value}`);
  lines.field(0, "Annotations", first);
  for (const note of more) lines.line(0, `\t${note}`);
  eventLines(lines, events, now);
};

async function backendText(describing: Describing, backend: JsonObject): Promise<string> {
  const resource = at(backend, "resource");
  if (resource)
    return `APIGroup: ${textAt(resource, "apiGroup") || "<none>"}, Kind: ${textAt(resource, "kind")}, Name: ${textAt(resource, "name")}`;
  const name = textAt(backend, "service", "name");
  const port = textAt(backend, "service", "port", "number") || textAt(backend, "service", "port", "name");
  return `${name}:${port} (${await endpointsText(describing, name, port)})`;
}

const SHOWN = 3;

/** The addresses behind a service's port, or why there are none. */
async function endpointsText({ api, info }: Describing, name: string, port: string): Promise<string> {
  const path = `/api/v1/namespaces/${info.namespace}/services/${name}`;
  try {
    const service = await api.rest.get(path, { of: { resource: { group: "", resource: "services" }, name } });
    const wanted = listAt(service, "spec", "ports").find(
      (p) => textAt(p, "port") === port || textAt(p, "name") === port,
    );
    const slices = await itemsAt(api, `/apis/discovery.k8s.io/v1/namespaces/${info.namespace}/endpointslices`, {
      labelSelector: `kubernetes.io/service-name=${name}`,
    });
    const found = slices.flatMap((slice) =>
      listAt(slice, "ports")
        .filter((p) => textAt(p, "name") === textAt(wanted, "name"))
        .flatMap((p) =>
          listAt(slice, "endpoints")
            .filter((each) => textAt(each, "conditions", "ready") !== "false")
            .flatMap((each) => textsAt(each, "addresses").map((address) => `${address}:${textAt(p, "port")}`)),
        ),
    );
    const more = found.length > SHOWN ? ` + ${found.length - SHOWN} more...` : "";
    return found.slice(0, SHOWN).join(",") + more;
  } catch (error) {
    if (isReason(error, "NotFound")) return `<error: ${error.message}>`;
    throw error;
  }
}

export const ingressClass: Describer = ({ object, lines, events, now }) => {
  lines.field(0, "Name", nameOf(object));
  labels(lines, object);
  annotations(lines, object);
  lines.field(0, "Controller", textAt(object, "spec", "controller"));
  const parameters = objectAt(object, "spec", "parameters");
  if (parameters.kind !== undefined) {
    lines.line(0, "Parameters:");
    if (parameters.apiGroup !== undefined) lines.field(1, "APIGroup", textAt(parameters, "apiGroup"));
    lines.field(1, "Kind", textAt(parameters, "kind"));
    lines.field(1, "Name", textAt(parameters, "name"));
  }
  eventLines(lines, events, now);
};
