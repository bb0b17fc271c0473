/** The variables that tell a container of Services: REDIS_SERVICE_HOST, and the ones of Docker links. */
import type { Service } from "@kubets/api/generated/types/core-v1";
import { mustParseIp, parseIp } from "@kubets/machinery";

const hasAddress = ({ spec }: Service): boolean =>
  Boolean(spec.clusterIP) && spec.clusterIP !== "None" && spec.type !== "ExternalName";

/**
 * Those of the pod's own namespace when the pod wants them, and always those of the API server's Service. Of two of one name the one of
 * the pod's namespace counts.
 */
export function serviceEnv(services: readonly Service[], namespace: string, links: boolean): Map<string, string> {
  const chosen = new Map<string, Service>();
  for (const service of services) {
    const { name } = service.metadata;
    if (!hasAddress(service)) continue;
    if (service.metadata.namespace === "default" && name === "kubernetes") {
      if (!chosen.has(name)) chosen.set(name, service);
    } else if (links && service.metadata.namespace === namespace) chosen.set(name, service);
  }
  if (links && namespace !== "default") {
    const own = services.find(({ metadata }) => metadata.namespace === namespace && metadata.name === "kubernetes");
    if (own && hasAddress(own)) chosen.set("kubernetes", own);
  }
  const env = new Map<string, string>();
  for (const service of [...chosen.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
    for (const [name, value] of variablesOf(service)) env.set(name, value);
  }
  return env;
}

function* variablesOf({ metadata, spec }: Service): Generator<[string, string]> {
  const prefix = envName(metadata.name);
  const ip = spec.clusterIP as string;
  const ports = spec.ports ?? [];
  yield [`${prefix}_SERVICE_HOST`, ip];
  const first = ports[0];
  if (!first) return;
  yield [`${prefix}_SERVICE_PORT`, String(first.port)];
  for (const { name, port } of ports) if (name) yield [`${prefix}_SERVICE_PORT_${envName(name)}`, String(port)];

  const host = isV6(ip) ? `[${ip}]` : ip;
  for (const [i, { port, protocol = "TCP" }] of ports.entries()) {
    const lower = protocol.toLowerCase();
    const url = `${lower}://${host}:${port}`;
    if (i === 0) yield [`${prefix}_PORT`, url];
    const one = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
    yield [one, url];
    yield [`${one}_PROTO`, lower];
    yield [`${one}_PORT`, String(port)];
    yield [`${one}_ADDR`, ip];
  }
}

const isV6 = (ip: string): boolean => parseIp(ip) !== undefined && mustParseIp(ip).family === 6;

const envName = (name: string): string => name.toUpperCase().replaceAll("-", "_");
