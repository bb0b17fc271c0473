/** All that an API server measures of itself. Made once for each; what reads the caches runs only when it is asked for. */
import type { Clock } from "@kubets/machinery";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { processMetrics } from "@kubets/machinery/process-metrics";
import { AuditMetrics } from "../audit/metrics.ts";
import { ImpersonationMetrics } from "../authn/impersonation-metrics.ts";
import { AuthenticationMetrics } from "../authn/metrics.ts";
import { AuthorizationMetrics } from "../authz/metrics.ts";
import { EgressMetrics } from "../egress/metrics.ts";
import { EncryptionMetrics } from "../encryption/metrics.ts";
import { versionInfo } from "../nonresource/version.ts";
import { PeerMetrics } from "../peers/metrics.ts";
import { PodLogMetrics, StreamMetrics } from "../subresources/metrics.ts";
import { AdmissionMetrics } from "./admission-metrics.ts";
import { CertificateMetrics } from "./certificate-metrics.ts";
import { ExtensionMetrics } from "./extension-metrics.ts";
import { HealthMetrics } from "./health-metrics.ts";
import { ReloadMetrics } from "./reload-metrics.ts";
import { RequestMetrics } from "./request-metrics.ts";
import { ruleMetrics } from "./rule-metrics.ts";
import { StorageMetrics } from "./storage-metrics.ts";
import { WatchMetrics } from "./watch-metrics.ts";

export interface ServerMetrics {
  readonly registry: MetricsRegistry;
  readonly requests: RequestMetrics;
  readonly admission: AdmissionMetrics;
  readonly storage: StorageMetrics;
  readonly watches: WatchMetrics;
  readonly authentication: AuthenticationMetrics;
  readonly impersonation: ImpersonationMetrics;
  readonly authorization: AuthorizationMetrics;
  readonly audit: AuditMetrics;
  readonly encryption: EncryptionMetrics;
  readonly reloads: ReloadMetrics;
  readonly extensions: ExtensionMetrics;
  readonly certificates: CertificateMetrics;
  readonly egress: EgressMetrics;
  readonly logs: PodLogMetrics;
  readonly streams: StreamMetrics;
  readonly health: HealthMetrics;
  readonly peers: PeerMetrics;
}

export function serverMetrics(clock: Clock, registry = new MetricsRegistry()): ServerMetrics {
  processMetrics(registry, versionInfo);
  ruleMetrics(registry);
  return {
    registry,
    requests: new RequestMetrics(registry),
    admission: new AdmissionMetrics(registry),
    storage: new StorageMetrics(registry, clock),
    watches: new WatchMetrics(registry),
    authentication: new AuthenticationMetrics(registry),
    impersonation: new ImpersonationMetrics(registry),
    authorization: new AuthorizationMetrics(registry),
    audit: new AuditMetrics(registry),
    encryption: new EncryptionMetrics(registry),
    reloads: new ReloadMetrics(registry),
    extensions: new ExtensionMetrics(registry),
    certificates: new CertificateMetrics(registry),
    egress: new EgressMetrics(registry),
    logs: new PodLogMetrics(registry),
    streams: new StreamMetrics(registry),
    health: new HealthMetrics(),
    peers: new PeerMetrics(registry),
  };
}
