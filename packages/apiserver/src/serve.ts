/** The API server as a program: from flags to a running server, until a signal ends it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLogger, type Logger, realClock, realRandom, sleep } from "@kubets/machinery";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { featureMetrics } from "@kubets/machinery/feature-metrics";
import type { FlagValues } from "@kubets/machinery/flags";
import { machineAddress } from "@kubets/machinery/machine-address";
import { installProcessHandlers } from "@kubets/machinery/process-errors";
import { giveBackAfterStart } from "@kubets/machinery/process-memory";
import { onStopSignal } from "@kubets/machinery/shutdown";
import { connectEtcd, openEmbeddedStorage, type Storage } from "@kubets/storage";
import type { Dialer } from "@kubets/wire/transport";
import { createKey, keyFromPem, keyToPem, publicKeysFromPem, publicOf, readCertificates } from "@kubets/wire/x509";
import { loadAdmissionConfiguration } from "./admission/configuration.ts";
import { admissionPlugins } from "./admission/plugins/index.ts";
import { loadUserPlugins } from "./admission/user-plugins/load.ts";
import type { PublishedAuthentication } from "./aggregation/authentication-config-map.ts";
import { setUpAudit } from "./audit/setup.ts";
import { externalAuthentication } from "./authn/external-authentication.ts";
import { parseTokenFile } from "./authn/static-tokens.ts";
import { configuredAuthorization } from "./authz/setup.ts";
import { configuredResources } from "./configured-resources.ts";
import { openEgress } from "./egress/egress.ts";
import { LiveEncryption } from "./encryption/live-encryption.ts";
import { featureGates } from "./feature-gates.ts";
import type { apiServerFlags } from "./flags.ts";
import { type ServerMetrics, serverMetrics } from "./metrics/server-metrics.ts";
import { peerSettings } from "./peers/flags.ts";
import { REQUESTS_LOGGED_FROM } from "./request-log.ts";
import { type RunOptions, runApiServer, type ServiceAccountKeys } from "./run-api-server.ts";
import { serviceNetworkOptions } from "./services/options.ts";
import { followServingTls, servingTls } from "./tls/serving-tls.ts";

export type Flags = FlagValues<typeof apiServerFlags>;

export async function serve(flags: Flags): Promise<void> {
  const log = createLogger({ format: flags["logging-format"], level: flags.v >= 4 ? "debug" : "info" }).with({
    component: "apiserver",
  });
  installProcessHandlers(log);
  const { gates, warnings } = featureGates(flags["feature-gates"]);
  const featureEnabled = (name: string) => gates.enabled(name);
  for (const warning of warnings) log.warn(warning);
  const metrics = serverMetrics(realClock);
  featureMetrics(metrics.registry, gates);
  const selectors = flags["egress-selector-config-file"];
  const egress = selectors ? openEgress(selectors, realClock, metrics.egress) : {};
  const storage = await openStorage(flags, log, egress.etcd);
  const encryption = await encryptionOf(flags, log, metrics);
  const parts = { clock: realClock, random: realRandom, log, metrics, egress, featureEnabled };
  const external = await externalAuthentication(flags, parts);
  const authorization = await configuredAuthorization(flags, parts);
  const configFile = flags["admission-control-config-file"];
  const userPlugins = await loadUserPlugins(flags["admission-plugin-file"], realClock);
  const audit = await setUpAudit(flags, { ...parts, metrics: metrics.audit });
  const advertiseAddress = flags["advertise-address"] || machineAddress();
  const folder = flags["cert-dir"] || (flags["etcd-servers"].length ? undefined : join(folderOf(flags), "pki"));
  const own = { folder, address: advertiseAddress };
  const running = await runApiServer({
    storage,
    clock: realClock,
    random: realRandom,
    log,
    listen: { host: flags["bind-address"], port: flags["secure-port"], tls: servingTls(flags, own, realClock.now()) },
    advertiseAddress,
    ...(flags["token-auth-file"] && {
      tokenUsers: parseTokenFile(readFile(flags["token-auth-file"], "token-auth-file"), flags["token-auth-file"]),
    }),
    anonymous: flags["anonymous-auth"],
    bootstrapTokens: flags["enable-bootstrap-token-auth"],
    ...frontProxy(flags),
    serviceAccounts: serviceAccountKeys(flags),
    authorizationModes: authorization.choices,
    admission: admissionPlugins({
      ...(configFile && { configurations: loadAdmissionConfiguration(configFile) }),
      own: userPlugins.plugins,
      enable: flags["enable-admission-plugins"],
      disable: flags["disable-admission-plugins"],
    }),
    serviceNetwork: serviceNetworkOptions(flags["service-cluster-ip-range"], flags["service-node-port-range"]),
    endpoint: flags["endpoint-reconciler-type"] !== "none",
    allowPrivileged: flags["allow-privileged"],
    minWatchSeconds: flags["min-request-timeout"],
    requestTimeoutMs: flags["request-timeout"],
    ...proxyClient(flags),
    peers: peers(flags, featureEnabled),
    published: publishedAuthentication(flags),
    serviceRouting: flags["enable-aggregator-routing"] ? "endpoints" : "clusterIP",
    nodes: {
      tls: {
        ...(flags["kubelet-client-certificate"] && {
          cert: readFile(flags["kubelet-client-certificate"], "kubelet-client-certificate"),
        }),
        ...(flags["kubelet-client-key"] && { key: readFile(flags["kubelet-client-key"], "kubelet-client-key") }),
        ...(flags["kubelet-certificate-authority"] && {
          ca: readFile(flags["kubelet-certificate-authority"], "kubelet-certificate-authority"),
        }),
      },
      addressTypes: flags["kubelet-preferred-address-types"],
    },
    external,
    egress,
    ...(encryption && { encryption }),
    ...(audit && { audit: audit.audit }),
    metrics,
    concurrency: {
      reads: flags["max-requests-inflight"],
      writes: flags["max-mutating-requests-inflight"],
      fair: flags["enable-priority-and-fairness"],
      longestWaitMs: flags["request-timeout"] / 4,
    },
    flags,
    resources: configuredResources(flags["runtime-config"], featureEnabled),
    logRequests: flags.v >= REQUESTS_LOGGED_FROM,
    profiling: flags.profiling,
    featureEnabled,
  });
  const givingBack = giveBackAfterStart(realClock);
  const unfollow = authorization.follow(running.server.useAuthorizers);
  const unfollowTls = followServingTls(flags, own, parts, (tls) => running.reloadTls(tls));
  await stopAsked();
  givingBack.cancel();
  unfollow();
  unfollowTls();
  log.info("stopping");
  const until = sleep(realClock, flags["shutdown-delay-duration"]);
  await running.close({ until, graceMs: flags["request-timeout"] });
  audit?.close();
  encryption?.close();
  external.close();
  await userPlugins.close();
  await storage.close();
}

function encryptionOf(flags: Flags, log: Logger, metrics: ServerMetrics): Promise<LiveEncryption | undefined> {
  const path = flags["encryption-provider-config"];
  const reload = flags["encryption-provider-config-automatic-reload"];
  const told = metrics.reloads.of("encryption", realClock.now);
  const parts = { clock: realClock, log, metrics: metrics.encryption, told };
  return path ? LiveEncryption.open(path, { reload, ...parts }) : Promise.resolve(undefined);
}

/** Resolves when a signal says that the process is to end. */
const stopAsked = () =>
  new Promise<void>((resolve) => onStopSignal().signal.addEventListener("abort", () => resolve(), { once: true }));

const folderOf = (flags: Flags) => flags["data-dir"] || "kubets-data";

async function openStorage(
  flags: Flags,
  log: ReturnType<typeof createLogger>,
  dialer: Dialer | undefined,
): Promise<Storage> {
  if (flags["etcd-servers"].length === 0)
    return openEmbeddedStorage({ folder: folderOf(flags), clock: realClock, logger: log });
  return connectEtcd({
    endpoints: [...flags["etcd-servers"]],
    ...(flags["etcd-cafile"] && {
      tls: {
        ca: readFile(flags["etcd-cafile"], "etcd-cafile"),
        ...(flags["etcd-certfile"] && { cert: readFile(flags["etcd-certfile"], "etcd-certfile") }),
        ...(flags["etcd-keyfile"] && { key: readFile(flags["etcd-keyfile"], "etcd-keyfile") }),
      },
    }),
    dialer,
    clock: realClock,
    logger: log,
  });
}

function frontProxy(flags: Flags): Pick<RunOptions, "frontProxy"> {
  const file = flags["requestheader-client-ca-file"];
  if (!file) return {};
  return {
    frontProxy: {
      authorities: readCertificates(readFile(file, "requestheader-client-ca-file")),
      allowedNames: flags["requestheader-allowed-names"],
      usernameHeaders: flags["requestheader-username-headers"],
      uidHeaders: flags["requestheader-uid-headers"],
      groupHeaders: flags["requestheader-group-headers"],
      extraPrefixes: flags["requestheader-extra-headers-prefix"],
    },
  };
}

function proxyClient(flags: Flags): Pick<RunOptions, "proxyClient"> {
  const [cert, key] = [flags["proxy-client-cert-file"], flags["proxy-client-key-file"]];
  if (!cert || !key) return {};
  return {
    proxyClient: { cert: readFile(cert, "proxy-client-cert-file"), key: readFile(key, "proxy-client-key-file") },
  };
}

function peers(flags: Flags, featureEnabled: (gate: string) => boolean): NonNullable<RunOptions["peers"]> {
  const { caFile, ...address } = peerSettings(flags, featureEnabled);
  return { ...address, ...(caFile && { ca: readFile(caFile, "peer-ca-file") }) };
}

function publishedAuthentication(flags: Flags): PublishedAuthentication {
  const [clientCa, proxyCa] = [flags["client-ca-file"], flags["requestheader-client-ca-file"]];
  return {
    ...(clientCa && { clientCa: readFile(clientCa, "client-ca-file") }),
    ...(proxyCa && {
      frontProxy: {
        ca: readFile(proxyCa, "requestheader-client-ca-file"),
        allowedNames: flags["requestheader-allowed-names"],
        usernameHeaders: flags["requestheader-username-headers"],
        uidHeaders: flags["requestheader-uid-headers"],
        groupHeaders: flags["requestheader-group-headers"],
        extraPrefixes: flags["requestheader-extra-headers-prefix"],
      },
    }),
  };
}

/** Keys that were given, or one that is made once and kept with the data. */
function serviceAccountKeys(flags: Flags): ServiceAccountKeys {
  const issuers = flags["service-account-issuer"].length
    ? flags["service-account-issuer"]
    : ["https://kubernetes.default.svc.cluster.local"];
  const signing = flags["service-account-signing-key-file"];
  const signingKey = signing
    ? keyFromPem(readFile(signing, "service-account-signing-key-file"))
    : flags["etcd-servers"].length
      ? undefined
      : ownSigningKey(join(folderOf(flags), "pki"));
  const given = flags["service-account-key-file"].flatMap((f) =>
    publicKeysFromPem(readFile(f, "service-account-key-file")),
  );
  return {
    issuers,
    audiences: flags["api-audiences"],
    ...(signingKey && { signingKey }),
    publicKeys: given.length ? given : signingKey ? [publicOf(signingKey)] : [],
    ...(flags["service-account-jwks-uri"] && { jwksUri: flags["service-account-jwks-uri"] }),
    longestSeconds: flags["service-account-max-token-expiration"] / 1000,
  };
}

function ownSigningKey(folder: string) {
  const path = join(folder, "service-account.key");
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(path, keyToPem(createKey()), { mode: 0o600 });
  }
  return keyFromPem(readFileSync(path));
}

function readFile(path: string, flag: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ExitError(exitCode.usage, `--${flag}: ${path} cannot be read: ${(error as Error).message}`);
  }
}
