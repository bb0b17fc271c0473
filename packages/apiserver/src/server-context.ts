/** What the parts of one API server share. Made once, at start. */
import type { ServerAddress } from "@kubets/api/discovery";
import type { Clock, Logger, Random } from "@kubets/machinery";
import type { AdmissionChain } from "./admission/chain.ts";
import type { ClusterView } from "./admission/plugin.ts";
import type { Aggregation } from "./aggregation/aggregation.ts";
import type { Audit } from "./audit/audit.ts";
import type { AuthenticatorChain } from "./authn/chain.ts";
import type { AuthorizerChain } from "./authz/chain.ts";
import type { RbacPolicy } from "./authz/rbac/policy.ts";
import type { ComponentCheck } from "./component-statuses.ts";
import type { Egress } from "./egress/egress.ts";
import type { Fairness } from "./fairness/fairness.ts";
import type { Gate } from "./fairness/gate.ts";
import type { Deadlines } from "./front/deadlines.ts";
import type { ServerMetrics } from "./metrics/server-metrics.ts";
import type { HealthCheck } from "./nonresource/health.ts";
import type { Peers } from "./peers/peers.ts";
import type { ServedResources } from "./served-resource.ts";
import type { Allocator } from "./services/allocator.ts";
import type { WriteBarrier } from "./storage-versions/write-barrier.ts";
import type { RevisionFeed } from "./store/revision-feed.ts";
import type { StoredForm } from "./store/stored-form.ts";
import type { NodeConnection } from "./subresources/node-connection.ts";
import type { ServiceAccountTokens } from "./tokens/service-account-tokens.ts";

export interface Server {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly feed: RevisionFeed;
  readonly form: StoredForm;
  readonly served: ServedResources;
  readonly authenticators: AuthenticatorChain;
  readonly authorizers: AuthorizerChain;
  readonly admission: AdmissionChain;
  /** Groups of the API that others serve behind this server. */
  readonly aggregation: Aggregation;
  /** Other servers of this API, which may serve what this one does not; absent where none is asked. */
  readonly peers: Peers | undefined;
  /** Where requests are told of; absent where they are not. */
  readonly audit: Audit | undefined;
  readonly gate: Gate;
  /** Ends requests that take too long. */
  readonly deadlines: Deadlines;
  /** What sorts requests, where priority and fairness is on. */
  readonly fairness: Fairness | undefined;
  /** Keeps writes back until others know in which versions this server writes; absent where nobody asks. */
  readonly barrier: WriteBarrier | undefined;
  /** What objects are given from ranges of the cluster, by "group/resource". */
  readonly allocators: ReadonlyMap<string, Allocator>;
  readonly view: ClusterView;
  /** Roles and bindings, where RBAC is on. */
  readonly policy: RbacPolicy | undefined;
  /** Tokens of service accounts, where the server has keys for them. */
  readonly tokens: ServiceAccountTokens | undefined;
  /** The way to kubelets. */
  readonly nodes: NodeConnection;
  readonly egress: Egress;
  readonly options: ServerOptions;
  /** Ends all watches when it is aborted: the server is going. */
  readonly stopping: AbortSignal;
  readonly health: readonly HealthCheck[];
  /** How other parts of the control plane in the same process do, by name. */
  readonly components: Map<string, ComponentCheck>;
  readonly metrics: ServerMetrics;
  /** JSON that other parts of the same process serve, by path; who may read it RBAC says. */
  readonly pages: Map<string, (query: URLSearchParams) => object>;
  /** When it was made, by its clock. */
  readonly started: number;
}

export interface ServerOptions {
  readonly allowPrivileged: boolean;
  featureEnabled(name: string): boolean;
  /** Tells of each request in the log. */
  readonly logRequests?: boolean;
  /** False where no profiles of the process are served. */
  readonly profiling?: boolean;
  readonly minWatchSeconds: number;
  readonly maxBodyBytes: number;
  /** How long a request may take; a minute when absent. */
  readonly requestTimeoutMs?: number;
  /** How clients reach the server, for discovery. */
  readonly addresses: readonly ServerAddress[];
  /** The flags that it was started with, for people who look. */
  readonly flags?: Readonly<Record<string, unknown>>;
}
