/**
 * KubeProxyConfiguration v1alpha1, read strictly. What belongs to other platforms or to IPVS is taken and left.
 */
import { ExitError, exitCode } from "@kubets/machinery";
import {
  any,
  bool,
  duration,
  type Infer,
  int,
  list,
  loadConfigFile,
  map,
  num,
  object,
  optional,
  parseConfig as parse,
  str,
} from "@kubets/machinery/config-file";
import { formatDuration } from "@kubets/machinery/duration";

const KIND = "kubeproxy.config.k8s.io/v1alpha1/KubeProxyConfiguration";

const RULES = {
  masqueradeBit: optional(int()),
  masqueradeAll: bool(),
  syncPeriod: duration(30_000),
  minSyncPeriod: duration(),
};

const SHAPE = object({
  featureGates: map(bool()),
  clientConnection: object({
    kubeconfig: str(),
    acceptContentTypes: str(),
    contentType: str(),
    qps: num(5),
    burst: int(10),
  }),
  logging: any(),
  hostnameOverride: str(),
  bindAddress: str(),
  healthzBindAddress: str("0.0.0.0:10256"),
  metricsBindAddress: str("127.0.0.1:10249"),
  bindAddressHardFail: bool(),
  enableProfiling: bool(),
  showHiddenMetricsForVersion: str(),
  mode: str(),
  iptables: object({ ...RULES, localhostNodePorts: optional(bool()) }),
  ipvs: any(),
  nftables: object(RULES),
  winkernel: any(),
  detectLocalMode: str(),
  detectLocal: object({ bridgeInterface: str(), interfaceNamePrefix: str() }),
  clusterCIDR: str(),
  nodePortAddresses: list(str()),
  oomScoreAdj: optional(int()),
  conntrack: object({
    maxPerCore: int(32_768),
    min: int(131_072),
    tcpEstablishedTimeout: duration(86_400_000),
    tcpCloseWaitTimeout: duration(3_600_000),
    tcpBeLiberal: bool(),
    udpTimeout: duration(),
    udpStreamTimeout: duration(),
  }),
  configSyncPeriod: duration(900_000),
  portRange: str(),
  windowsRunAsService: bool(),
});

export type KubeProxyConfiguration = Infer<typeof SHAPE>;

const KINDS = { [KIND]: SHAPE } as const;

export const defaultProxyConfig: KubeProxyConfiguration = SHAPE.read({}, "");
export const loadProxyConfig = (path: string): KubeProxyConfiguration => loadConfigFile(path, KINDS).config;
export const parseProxyConfig = (text: string, name: string): KubeProxyConfiguration => parse(text, name, KINDS).config;

/** As a file that reads back as the same. */
export function proxyConfigText(config: KubeProxyConfiguration): string {
  const [apiVersion, kind] = [KIND.slice(0, KIND.lastIndexOf("/")), KIND.slice(KIND.lastIndexOf("/") + 1)];
  const isDuration = (key: string, value: unknown): value is number =>
    /(Period|Timeout)$/.test(key) && typeof value === "number";
  const text = (key: string, value: unknown) => (isDuration(key, value) ? formatDuration(value) : value);
  return `${JSON.stringify({ apiVersion, kind, ...config }, text, 2)}\n`;
}

const MODES = ["nftables", "iptables", "userspace"] as const;
export type ProxyMode = (typeof MODES)[number];

/** The mode by its name; the default is nftables. */
export function modeOf(name: string): ProxyMode {
  const mode = MODES.find((each) => each === (name || "nftables"));
  if (mode) return mode;
  const why =
    name === "ipvs" ? ", as Kubernetes gives IPVS up: nftables does what it did, at any number of services" : "";
  throw new ExitError(
    exitCode.usage,
    `proxy mode ${JSON.stringify(name)} is not supported${why}; use nftables, iptables or userspace`,
  );
}

/** How packets of pods are told from others: what comes from elsewhere to a cluster IP is masqueraded. */
interface LocalPods {
  /** Where pods have their addresses. */
  readonly clusterCidrs: readonly string[];
  /** Or the link by which their packets come, a "*" at its end standing for any. */
  readonly podInterface?: string;
}

export function localPods(
  { detectLocalMode, detectLocal, clusterCIDR }: KubeProxyConfiguration,
  podCidrs: readonly string[],
): LocalPods {
  const ways: Record<string, () => LocalPods> = {
    "": () => ({ clusterCidrs: clusterCIDR.split(",").filter((cidr) => cidr !== "") }),
    ClusterCIDR: () => ways[""]?.() as LocalPods,
    NodeCIDR: () => ({ clusterCidrs: podCidrs }),
    BridgeInterface: () =>
      byLink(detectLocal.bridgeInterface, "", "detectLocal.bridgeInterface (--pod-bridge-interface)"),
    InterfaceNamePrefix: () =>
      byLink(detectLocal.interfaceNamePrefix, "*", "detectLocal.interfaceNamePrefix (--pod-interface-name-prefix)"),
  };
  const way = ways[detectLocalMode];
  if (way) return way();
  throw new ExitError(
    exitCode.usage,
    `detect-local-mode ${JSON.stringify(detectLocalMode)} is not known: use ${Object.keys(ways).filter(Boolean).join(", ")}`,
  );
}

/** The kernel takes names of links of 15 letters; what else may be in them is nobody's to put into a rule. */
function byLink(name: string, end: string, where: string): LocalPods {
  if (/^[\w.@-]{1,15}$/.test(name)) return { clusterCidrs: [], podInterface: `${name}${end}` };
  throw new ExitError(exitCode.usage, `${where} must name a link, not ${JSON.stringify(name)}`);
}

/** The words that stand for addresses of the node, replaced by these. Nothing said means the node's own addresses. */
export function nodePortRanges(said: readonly string[], nodeIps: readonly string[]): string[] {
  const words = said.length > 0 ? said : ["primary"];
  return words.flatMap((word) => {
    if (word === "primary") return [...nodeIps];
    if (word === "localhost") return ["127.0.0.0/8", "::1/128"];
    return word === "all" ? ["0.0.0.0/0", "::/0"] : [word];
  });
}

/** "0.0.0.0:10256" or "[::]:10256"; undefined for what is to be off. */
export function hostPort(text: string, defaultPort: number): { host: string; port: number } | undefined {
  if (text === "") return undefined;
  const found = /^(?:\[([^\]]+)\]|([^:]*)):(\d+)$/.exec(text);
  if (!found) return { host: text, port: defaultPort };
  const port = Number(found[3]);
  return port === 0 ? undefined : { host: found[1] ?? found[2] ?? "", port };
}
