/**
 * Whether the server behind an APIService can be used, kept in the condition Available. What the cluster knows of its service is looked at first, then
 * the server itself is asked. Done when the APIService, its service or its endpoints change; twice a minute; and more often while it fails.
 */
import { apiservices, endpointslices, services } from "@kubets/api/generated/refs";
import type { APIService, APIServiceCondition } from "@kubets/api/generated/types/apiregistration-v1";
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import type { Client } from "@kubets/client/client";
import { type Clock, isReason, type Logger, type Timer } from "@kubets/machinery";
import { joinHostPort } from "@kubets/machinery/ip";
import type { ClusterView } from "../admission/plugin.ts";
import type { ExtensionMetrics } from "../metrics/extension-metrics.ts";
import type { ServedResources } from "../served-resource.ts";
import { follow } from "../store/follow.ts";
import { timestamp } from "../write/context.ts";
import { type RemoteDocuments, readDocuments } from "./remote-documents.ts";
import { askRemote, RemoteRequestError } from "./remote-request.ts";
import type { RemoteService, RemoteServices } from "./remote-services.ts";

interface AvailabilityParts {
  readonly remotes: RemoteServices;
  readonly served: ServedResources;
  readonly view: ClusterView;
  readonly clock: Clock;
  readonly log: Logger;
  readonly client: Client;
  readonly metrics: ExtensionMetrics;
}

export type Finding = Pick<APIServiceCondition, "status" | "reason" | "message">;

const PASSED: Finding = { status: "True", reason: "Passed", message: "all checks passed" };
const CHECK_EVERY_MS = 30_000;
const DOCUMENTS_EVERY_MS = 60_000;
const FIRST_RETRY_MS = 500;
const SERVICE_NAME = "kubernetes.io/service-name";

export class Availability {
  readonly #parts: AvailabilityParts;
  readonly #checks = new Map<string, Check>();
  #stopped = false;

  constructor(parts: AvailabilityParts) {
    this.#parts = parts;
    const { remotes, served } = parts;
    remotes.onChange((name) => this.#follow(name));
    const touched = (namespace: string | undefined, name: string | undefined) => {
      if (remotes.isEmpty) return;
      for (const { apiService } of remotes.all()) {
        const { service } = apiService.spec;
        if (service?.namespace === namespace && service?.name === name)
          this.#checks.get(apiService.metadata.name)?.now();
      }
    };
    follow(served, services, (_key, now, old) =>
      touched((now ?? old)?.metadata.namespace, (now ?? old)?.metadata.name),
    );
    follow(served, endpointslices, (_key, now, old) => {
      const { namespace, labels } = (now ?? old)?.metadata ?? {};
      touched(namespace, labels?.[SERVICE_NAME]);
    });
    for (const { name } of remotes.all()) this.#follow(name);
  }

  stop(): void {
    this.#stopped = true;
    for (const check of this.#checks.values()) check.stop();
  }

  #follow(name: string): void {
    const remote = this.#parts.remotes.get(name);
    const check = this.#checks.get(name);
    if (!remote || this.#stopped) {
      check?.stop();
      this.#checks.delete(name);
      this.#parts.metrics.gone(name);
      return;
    }
    if (!check) this.#checks.set(name, new Check(name, this.#parts));
    // A change of the status alone is the check's own doing.
    else if (check.specChanged(remote.apiService)) check.now();
  }
}

/** The check of one APIService, again and again. */
class Check {
  readonly #name: string;
  readonly #parts: AvailabilityParts;
  #spec = "";
  #timer: Timer | undefined;
  #running = false;
  #again = false;
  #stopped = false;
  #failures = 0;
  #documentsRead = Number.NEGATIVE_INFINITY;

  constructor(name: string, parts: AvailabilityParts) {
    this.#name = name;
    this.#parts = parts;
    const remote = parts.remotes.get(name);
    if (remote) this.specChanged(remote.apiService);
    this.now();
  }

  /** Whether what is asked of the service has changed since the last call. */
  specChanged({ spec }: APIService): boolean {
    const text = JSON.stringify(spec);
    const changed = text !== this.#spec;
    this.#spec = text;
    return changed;
  }

  now(): void {
    if (this.#stopped) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#timer?.cancel();
    this.#running = true;
    void this.#run();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #run(): Promise<void> {
    const { remotes, view, clock, log, metrics } = this.#parts;
    let wait = CHECK_EVERY_MS;
    try {
      const remote = remotes.get(this.#name);
      if (!remote || this.#stopped) return;
      const finding = findInCluster(remote.apiService, view) ?? (await findOnServer(remote, clock));
      if (this.#stopped) return;
      metrics.found(this.#name, finding, remote.isAvailable);
      await this.#tell(remote, finding);
      if (finding.status === "True") await this.#readDocuments(remote);
      this.#failures = finding.status === "True" ? 0 : this.#failures + 1;
      if (finding.reason === "FailedDiscoveryCheck")
        wait = Math.min(CHECK_EVERY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    } catch (error) {
      wait = FIRST_RETRY_MS;
      if (!isReason(error, "Conflict") && !isReason(error, "NotFound") && !this.#stopped)
        log.warn("an APIService could not be checked", { apiService: this.#name, error });
    } finally {
      this.#running = false;
      if (this.#again) {
        this.#again = false;
        this.now();
      } else if (!this.#stopped) this.#timer = clock.after(wait, () => this.now());
    }
  }

  async #readDocuments(remote: RemoteService): Promise<void> {
    const { remotes, clock } = this.#parts;
    if (remote.documents && clock.monotonic() - this.#documentsRead < DOCUMENTS_EVERY_MS) return;
    this.#documentsRead = clock.monotonic();
    const documents = await readDocuments(remote, clock);
    // What it said last is better than nothing; it is told as stale meanwhile.
    if (documents && shown(documents) !== shown(remote.documents)) remotes.setDocuments(this.#name, documents);
  }

  async #tell({ apiService }: RemoteService, finding: Finding): Promise<void> {
    const { client, clock } = this.#parts;
    const conditions = conditionsWith(apiService, finding, timestamp(clock.now()));
    if (!conditions) return;
    await client.patch(
      apiservices,
      { name: this.#name },
      {
        type: "merge",
        body: { metadata: { resourceVersion: apiService.metadata.resourceVersion }, status: { conditions } },
      },
      { subresource: "status" },
    );
  }
}

/** The conditions with what was found, or undefined if that is what they say already. */
export function conditionsWith(
  { status }: APIService,
  finding: Finding,
  now: string,
): APIServiceCondition[] | undefined {
  const { conditions = [] } = status;
  const before = conditions.find(({ type }) => type === "Available");
  if (
    before &&
    before.status === finding.status &&
    before.reason === finding.reason &&
    before.message === finding.message
  )
    return undefined;
  const lastTransitionTime = before?.status === finding.status ? before.lastTransitionTime : now;
  const available = { type: "Available", ...finding, ...(lastTransitionTime && { lastTransitionTime }) };
  return before ? conditions.map((c) => (c === before ? available : c)) : [...conditions, available];
}

/** What is wrong as far as the cluster knows, or undefined. */
function findInCluster({ spec }: APIService, view: ClusterView): Finding | undefined {
  const { namespace = "", name = "", port = 443 } = spec.service ?? {};
  const which = `service/${name} in ${JSON.stringify(namespace)}`;
  const fails = (reason: string, message: string): Finding => ({ status: "False", reason, message });
  const service = view.get(services, namespace, name);
  if (!service) return fails("ServiceNotFound", `${which} is not present`);
  if (service.spec.type !== "ClusterIP") return undefined;
  const found = service.spec.ports?.find((p) => p.port === port);
  if (!found) return fails("ServicePortError", `${which} is not listening on port ${port}`);
  const slices = view.list(endpointslices, namespace).filter((s) => s.metadata.labels?.[SERVICE_NAME] === name);
  if (!slices.length) return fails("EndpointsNotFound", `cannot find endpointslices for ${which}`);
  if (!slices.some((slice) => isReady(slice, found.name ?? "")))
    return fails(
      "MissingEndpoints",
      `endpointslices for ${which} have no addresses with port name ${JSON.stringify(found.name ?? "")}`,
    );
  return undefined;
}

const isReady = ({ ports, endpoints }: EndpointSlice, port: string): boolean =>
  (ports ?? []).some((p) => (p.name ?? "") === port && p.port) &&
  endpoints.some(({ addresses, conditions }) => addresses.length > 0 && conditions?.ready !== false);

async function findOnServer(remote: RemoteService, clock: Clock): Promise<Finding> {
  const path = `/apis/${remote.group}/${remote.version}`;
  let place = "";
  try {
    const { host, port } = remote.address();
    place = `https://${joinHostPort(host, port)}${path}`;
    const { status } = await askRemote(remote, path, clock);
    return status >= 200 && status < 300 ? PASSED : failedDiscovery(place, `bad status from ${place}: ${status}`);
  } catch (error) {
    if (error instanceof RemoteRequestError) return failedDiscovery(place, error.message);
    return { status: "False", reason: "FailedDiscoveryCheck", message: (error as Error).message };
  }
}

const failedDiscovery = (place: string, why: string): Finding => ({
  status: "False",
  reason: "FailedDiscoveryCheck",
  message: `failing or missing response from ${place}: ${why}`,
});

/** Stands for what the documents say. */
const shown = (documents: RemoteDocuments | undefined): string =>
  JSON.stringify([documents?.resources, documents?.openApi, documents?.openApiV2.hash]);
