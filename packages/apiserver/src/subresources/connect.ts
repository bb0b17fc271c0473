/** What is passed on: logs, exec, attach and port-forward to a pod's kubelet; proxied requests to pods, services and nodes. */
import { endpointslices, nodes, pods, services } from "@kubets/api/generated/refs";
import type { Pod, Service } from "@kubets/api/generated/types/core-v1";
import { badRequest, forbiddenField, invalid, notFound, notSupported, serviceUnavailable } from "@kubets/machinery";
import type { ApiCall } from "../api-call.ts";
import { attributesOf } from "../authz/attributes.ts";
import { isAllowed, refusal } from "../authz/refusal.ts";
import { isTrue } from "../request-info.ts";
import { networkErrorText } from "../webhooks/network-error.ts";
import { admit, admitFinally } from "../write/admit.ts";
import { passToApplication, redirectToRoot, sentQuery } from "./application.ts";
import { connectOptions } from "./connect-options.ts";
import { logsOverSocket } from "./log-socket.ts";
import { kubeletOf } from "./node-connection.ts";
import { passThrough, type Target } from "./pass-through.ts";
import { isProxyable, podAddressOf, proxyableAddress } from "./proxy-target.ts";

export async function podConnect(call: ApiCall): Promise<void> {
  if (INTERACTIVE.has(call.info.subresource)) await mayCreate(call);
  const pod = podOf(call);
  // Logs are read, not connected to.
  if (call.info.subresource !== "log") await admitConnection(call);
  if (call.info.subresource === "proxy") return proxyToPod(call, pod);
  if (!pod.spec.nodeName) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
  await toKubelet(call, pod.spec.nodeName, kubeletPath(call, pod));
}

const INTERACTIVE: ReadonlySet<string> = new Set(["attach", "exec", "portforward"]);

/** A WebSocket begins with a GET: without this, who may only read could run commands. */
async function mayCreate({ server, info, user, exchange }: ApiCall): Promise<void> {
  if (info.verb === "create" || !server.options.featureEnabled("AuthorizePodWebsocketUpgradeCreatePermission")) return;
  const attributes = { ...attributesOf(info, user, exchange), verb: "create" };
  const decision = await server.authorizers.authorize(attributes);
  if (!isAllowed(decision)) throw refusal(attributes, decision.why);
}

export async function nodeConnect(call: ApiCall): Promise<void> {
  const { scheme, name, port } = splitProxyName(call.info.name);
  const node = call.server.view.get(nodes, "", name);
  if (!node) throw notFound({ group: "", resource: "nodes" }, name);
  await admitConnection(call);
  if (redirectToRoot(call)) return;
  const kubelet = kubeletOf(call.server.nodes, node, name);
  const path = `${call.info.rest || "/"}${sentQuery(call.exchange.url)}`;
  const dialer = call.server.egress.cluster;
  if (port && Number(port) !== kubelet.port)
    return passThrough(call.exchange, {
      host: await proxyableAddress(kubelet.host),
      port: Number(port),
      path,
      dialer,
      ...(scheme === "https" && { tls: { rejectUnauthorized: false } }),
    });
  await passThrough(call.exchange, { ...kubelet, path, dialer, tls: kubeletTls(call) });
}

export async function serviceConnect(call: ApiCall): Promise<void> {
  const { scheme, name, port } = splitProxyName(call.info.name);
  const { namespace } = call.info;
  const service = call.server.view.get(services, namespace, name);
  if (!service) throw notFound({ group: "", resource: "services" }, name);
  await admitConnection(call);
  const target = endpointOf(call, service, port);
  if (!target) throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  if (redirectToRoot(call)) return;
  await passToApplication(call, { ...target, ...(scheme === "https" && { tls: { rejectUnauthorized: false } }) });
}

async function admitConnection(call: ApiCall): Promise<void> {
  const options = connectOptions(call);
  await admit(call, "CONNECT", undefined, undefined, options);
  await admitFinally(call, "CONNECT", undefined, undefined, options);
}

function podOf({ info, server }: ApiCall): Pod {
  const name = info.subresource === "proxy" ? splitProxyName(info.name).name : info.name;
  const pod = server.view.get(pods, info.namespace, name);
  if (!pod) throw notFound({ group: "", resource: "pods" }, name);
  return pod;
}

/** How the kubelet calls what kubectl asks for. */
const STREAM_PARAMETERS: Record<string, string> = { stdin: "input", stdout: "output", stderr: "error", tty: "tty" };

function kubeletPath(call: ApiCall, pod: Pod): string {
  const { info } = call;
  const { namespace, name } = pod.metadata;
  const query = new URLSearchParams();
  if (info.subresource === "portforward") {
    for (const ports of info.query.getAll("ports")) query.append("ports", ports);
    return `/portForward/${namespace}/${name}${queryOf(query)}`;
  }
  const container = containerOf(call, pod);
  if (info.subresource === "log") {
    const splits = call.server.options.featureEnabled("PodLogsQuerySplitStreams");
    if (splits) checkStream(info, name);
    for (const [key, value] of info.query)
      if (key !== "container" && (key !== "stream" || splits)) query.append(key, value);
    return `/containerLogs/${namespace}/${name}/${container}${queryOf(query)}`;
  }
  for (const [key, value] of info.query) {
    const renamed = STREAM_PARAMETERS[key];
    if (renamed && (value === "true" || value === "1")) query.set(renamed, "1");
    else if (key === "command") query.append(key, value);
  }
  return `/${info.subresource}/${namespace}/${name}/${container}${queryOf(query)}`;
}

const LOG_STREAMS = ["All", "Stderr", "Stdout"];

/** Of one stream alone the end cannot be told: both are in one file. */
function checkStream({ query }: ApiCall["info"], pod: string): void {
  const stream = query.get("stream");
  if (stream === null) return;
  const errors = LOG_STREAMS.includes(stream) ? [] : [notSupported("stream", stream, LOG_STREAMS)];
  if (query.has("tailLines") && stream !== "All")
    errors.push(forbiddenField("", "`tailLines` and specific `stream` are mutually exclusive for now"));
  if (errors.length) throw invalid({ group: "", kind: "PodLogOptions" }, pod, errors);
}

function containerOf({ info }: ApiCall, { spec, metadata }: Pod): string {
  const all = [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
  const wanted = info.query.get("container");
  if (!wanted) {
    if (spec.containers.length === 1) return spec.containers[0]?.name ?? "";
    throw badRequest(
      `a container name must be specified for pod ${metadata.name}, choose one of: [${spec.containers.map((c) => c.name).join(" ")}]`,
    );
  }
  if (all.some((c) => c.name === wanted)) return wanted;
  throw badRequest(`container ${wanted} is not valid for pod ${metadata.name}`);
}

function toKubelet(call: ApiCall, nodeName: string, path: string): Promise<void> {
  const kubelet = kubeletOf(call.server.nodes, call.server.view.get(nodes, "", nodeName), nodeName);
  const { exchange, info, server } = call;
  const target = { ...kubelet, path, dialer: server.egress.cluster, tls: kubeletTls(call) };
  if (info.subresource === "log") return passLogs(call, target);
  if (exchange.socket?.upgrade?.protocol === "websocket") server.metrics.streams.asked(info.subresource);
  return passThrough(exchange, target);
}

/** A client that only wants to see them may do without the kubelet's certificate. */
async function passLogs({ exchange, info, server }: ApiCall, target: Target): Promise<void> {
  const { logs } = server.metrics;
  const isUnchecked = isTrue(info.query.get("insecureSkipTLSVerifyBackend"));
  logs.asked(isUnchecked);
  const asked = isUnchecked ? { ...target, tls: { ...target.tls, rejectUnauthorized: false } } : target;
  const { socket } = exchange;
  try {
    await (socket?.upgrade?.protocol === "websocket" ? logsOverSocket(socket, asked) : passThrough(exchange, asked));
  } catch (error) {
    if (networkErrorText((error as Error).cause ?? error).includes("x509:")) logs.wrongCertificate();
    throw error;
  }
}

/** Without an authority to check them by, kubelets are believed, as the original does. */
const kubeletTls = ({
  server: {
    nodes: { tls },
  },
}: ApiCall) => ({ ...tls, rejectUnauthorized: tls.ca !== undefined });

async function proxyToPod(call: ApiCall, pod: Pod): Promise<void> {
  const { scheme, port } = splitProxyName(call.info.name);
  const { podIP } = pod.status;
  if (!podIP || !isProxyable(podIP)) throw badRequest("address not allowed");
  const first = pod.spec.containers.flatMap((c) => c.ports ?? [])[0]?.containerPort ?? 80;
  if (redirectToRoot(call)) return;
  await passToApplication(call, {
    host: podIP,
    port: port ? portNumber(pod, port) : first,
    ...(scheme === "https" && { tls: { rejectUnauthorized: false } }),
  });
}

function portNumber(pod: Pod, port: string): number {
  if (/^\d+$/.test(port)) return Number(port);
  const named = pod.spec.containers.flatMap((c) => c.ports ?? []).find((p) => p.name === port);
  if (!named) throw badRequest(`invalid port ${JSON.stringify(port)}`);
  return named.containerPort;
}

function endpointOf(call: ApiCall, service: Service, port: string): { host: string; port: number } | undefined {
  const wanted = service.spec.ports?.find((p) => port === "" || p.name === port || String(p.port) === port);
  if (!wanted)
    throw serviceUnavailable(
      `no service port ${JSON.stringify(port)} found for service ${JSON.stringify(service.metadata.name)}`,
    );
  const slices = call.server.view
    .list(endpointslices, service.metadata.namespace)
    .filter((slice) => slice.metadata.labels?.["kubernetes.io/service-name"] === service.metadata.name);
  for (const slice of slices) {
    const target = slice.ports?.find((p) => (p.name ?? "") === (wanted.name ?? ""));
    const { namespace } = service.metadata;
    const podNamed = (pod: string) => call.server.view.get(pods, namespace, pod);
    const hosts = slice.endpoints.flatMap((e) =>
      e.conditions?.ready !== false && (e.targetRef?.namespace ?? namespace) === namespace
        ? (podAddressOf(e, podNamed) ?? [])
        : [],
    );
    const host = hosts[Math.floor(call.server.random.float() * hosts.length)];
    if (target?.port && host) return { host, port: target.port };
  }
  return undefined;
}

/** "https:name:port", "name:port" or "name". */
function splitProxyName(text: string): { scheme: string; name: string; port: string } {
  const parts = text.split(":");
  if (parts.length === 3) return { scheme: parts[0] ?? "", name: parts[1] ?? "", port: parts[2] ?? "" };
  return { scheme: "http", name: parts[0] ?? "", port: parts[1] ?? "" };
}

const queryOf = (query: URLSearchParams): string => (query.size ? `?${query}` : "");
