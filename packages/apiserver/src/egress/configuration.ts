/** The file of --egress-selector-config-file (apiserver.k8s.io EgressSelectorConfiguration), read and checked. */
import { existsSync } from "node:fs";
import {
  ConfigError,
  type Infer,
  list,
  loadConfigFile,
  object,
  optional,
  type Shape,
  str,
} from "@kubets/machinery/config-file";
import {
  duplicate,
  type FieldError,
  fieldErrorText,
  invalidValue,
  notSupported,
  required,
} from "@kubets/machinery/field-error";

const tlsConfig = object({ caBundle: str(), clientKey: str(), clientCert: str() });
const tcp = object({ url: str(), tlsConfig: optional(tlsConfig) });
const uds = object({ udsName: str() });
const transport = object({ tcp: optional(tcp), uds: optional(uds) });
const connection = object({ proxyProtocol: str(), transport: optional(transport) });
const configuration = object({ egressSelections: list(object({ name: str(), connection })) });

type Tls = Infer<typeof tlsConfig>;
type Tcp = Infer<typeof tcp>;
type Uds = Infer<typeof uds>;
type Transport = Infer<typeof transport>;
type Selections = Infer<typeof configuration>["egressSelections"];

/** What connections are for: the nodes and what runs on them, the control plane's own helpers, the store. */
export const EGRESS_NAMES = ["cluster", "controlplane", "etcd"] as const;
export type EgressName = (typeof EGRESS_NAMES)[number];

/** How a proxy is reached. */
export type ProxyPlace =
  | { readonly tcp: Tcp; readonly uds: undefined }
  | { readonly tcp: undefined; readonly uds: Uds };

export type EgressConnection =
  | { readonly protocol: "Direct" }
  | { readonly protocol: "HTTPConnect"; readonly proxy: ProxyPlace }
  | { readonly protocol: "GRPC"; readonly proxy: { readonly uds: Uds } };

const PROTOCOLS = ["Direct", "HTTPConnect", "GRPC"] as const;

const KINDS: Readonly<Record<string, Shape<{ readonly egressSelections: Selections }>>> = Object.fromEntries(
  ["v1beta1", "v1alpha1"].map((version) => [`apiserver.k8s.io/${version}/EgressSelectorConfiguration`, configuration]),
);

/** Throws a ConfigError that says what is wrong with the file. */
export function loadEgressConfiguration(path: string): ReadonlyMap<EgressName, EgressConnection> {
  const { egressSelections } = loadConfigFile(path, KINDS).config;
  const texts = [...new Set(problemsOf(egressSelections).map(fieldErrorText))];
  if (texts.length)
    throw new ConfigError(
      `${path}: failed to validate egress selector configuration: ${texts.length > 1 ? `[${texts.join(", ")}]` : texts[0]}`,
    );
  return new Map(
    egressSelections.map(({ name, connection: { proxyProtocol, transport: proxy } }) => [
      name.toLowerCase() as EgressName,
      { protocol: proxyProtocol, ...(proxy && { proxy }) } as EgressConnection,
    ]),
  );
}

/** The original names no place in the list. */
const AT = "service.connection";

function problemsOf(selections: Selections): FieldError[] {
  const seen = new Set<string>();
  return [
    ...selections.flatMap(({ connection: { proxyProtocol, transport: given } }) => {
      if (proxyProtocol === "Direct") return directProblems(given);
      if (proxyProtocol === "HTTPConnect") return connectProblems(given);
      if (proxyProtocol === "GRPC") return grpcProblems(given);
      return [notSupported(`${AT}.protocol`, proxyProtocol, PROTOCOLS)];
    }),
    ...selections.flatMap((selection, i) => {
      const name = selection.name.toLowerCase();
      if (seen.has(name)) return [duplicate(`${AT}[${i}]`, name)];
      seen.add(name);
      return EGRESS_NAMES.some((each) => each === name) ? [] : [notSupported(AT, name, EGRESS_NAMES)];
    }),
  ];
}

const directProblems = (given: Transport | undefined): FieldError[] =>
  given ? [invalidValue(`${AT}.transport`, "direct", "Transport config should be absent for direct connect")] : [];

function connectProblems(given: Transport | undefined): FieldError[] {
  if (!given) return [required(`${AT}.transport`, "transport must be set for HTTPConnect")];
  if (given.tcp && given.uds) return [invalidValue(`${AT}.tcp`, given.tcp, "TCP and UDS cannot both be set")];
  if (given.tcp) return tcpProblems(given.tcp);
  return given.uds ? udsProblems(given.uds) : [required(`${AT}.tcp`, "One of TCP or UDS must be set")];
}

function grpcProblems(given: Transport | undefined): FieldError[] {
  if (!given) return [required(`${AT}.transport`, "transport must be set for GRPC")];
  return given.uds ? udsProblems(given.uds) : [required(`${AT}.uds`, "UDS must be set with GRPC")];
}

const udsProblems = ({ udsName }: Uds): FieldError[] =>
  udsName ? [] : [invalidValue(`${AT}.udsName`, "nil", "UDSName should be present for UDS connections")];

function tcpProblems({ url, tlsConfig: tls }: Tcp): FieldError[] {
  if (url.startsWith("https://")) return tlsProblems(tls);
  if (!url.startsWith("http://"))
    return [invalidValue(`${AT}.url`, url, "supported connection protocols are http:// and https://")];
  return tls ? [invalidValue(`${AT}.tlsConfig`, "nil", "TLSConfig config should not be present when using HTTP")] : [];
}

function tlsProblems(tls: Tls | undefined): FieldError[] {
  if (!tls) return [required(`${AT}.tlsConfig`, "TLSConfig must be present when using HTTPS")];
  const ofFile = (field: keyof Tls, missing: string | undefined, gone: string): FieldError[] => {
    const path = `${AT}.tlsConfig.${field}`;
    if (!tls[field]) return missing ? [invalidValue(path, "nil", missing)] : [];
    return existsSync(tls[field]) ? [] : [invalidValue(path, tls[field], gone)];
  };
  return [
    ...ofFile("caBundle", undefined, "TLS config ca bundle does not exist"),
    ...ofFile("clientCert", "Using TLS requires clientCert", "TLS client cert does not exist"),
    ...ofFile("clientKey", "Using TLS requires requires clientKey", "TLS client key does not exist"),
  ];
}
