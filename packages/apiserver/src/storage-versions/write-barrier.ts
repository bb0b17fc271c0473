/**
 * Nothing is written in a version of which nobody was told: until the entry of this server stands in the StorageVersion of a resource, its writes are
 * refused. Let pass is what telling needs: the StorageVersions, the system's namespaces and the leases in them.
 */
import { qualified, serviceUnavailable } from "@kubets/machinery/status-error";
import { MASTERS, type User } from "../authn/authenticator.ts";
import type { RequestInfo } from "../request-info.ts";
import type { ServerEntry } from "./server-entries.ts";

const READS: readonly string[] = ["get", "list", "watch"];

export class WriteBarrier {
  readonly entries: readonly ServerEntry[];
  /** Resolves when all is told. */
  readonly opened: Promise<void>;
  readonly #open: () => void;
  readonly #pending = new Map<string, string>();

  constructor(entries: readonly ServerEntry[]) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.entries = entries;
    this.opened = promise;
    this.#open = resolve;
    for (const { resources } of entries) for (const each of resources) this.#pending.set(each, "<nil>");
  }

  get isOpen(): boolean {
    return this.#pending.size === 0;
  }

  told({ resources }: ServerEntry): void {
    for (const each of resources) this.#pending.delete(each);
    if (this.isOpen) this.#open();
  }

  failed({ resources }: ServerEntry, error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    for (const each of resources) if (this.#pending.has(each)) this.#pending.set(each, text);
  }

  /** Throws what the client is told. */
  check(info: RequestInfo, user: User): void {
    if (this.isOpen || !info.isResource || READS.includes(info.verb)) return;
    const { group, resource } = info;
    const error = this.#pending.get(`${group}/${resource}`);
    if (error === undefined || isNeeded(info, user)) return;
    const what = qualified({ group, resource });
    throw serviceUnavailable(
      `wait for storage version registration to complete for resource: ${what}, last seen error: ${error}`,
    );
  }
}

function isNeeded({ group, resource, verb, namespace }: RequestInfo, { name, groups }: User): boolean {
  switch (`${group}/${resource}`) {
    case "internal.apiserver.k8s.io/storageversions":
      return true;
    case "/namespaces":
      return verb === "create" && name === "system:apiserver" && groups.includes(MASTERS);
    case "coordination.k8s.io/leases":
      return namespace === "kube-system";
    default:
      return false;
  }
}
