/** Which secret holds the certificate for a name: that of the name itself, or of the one with a star for its first label; of the oldest ingress that says so. */
import type { CompiledIngress } from "./compile.ts";
import { withStar } from "./route-table.ts";

export class Certificates {
  readonly #ofHost = new Map<string, Map<string, CompiledIngress>>();

  set(before: CompiledIngress | undefined, now: CompiledIngress | undefined): void {
    for (const { host } of before?.tls ?? []) {
      const all = this.#ofHost.get(host);
      all?.delete((before as CompiledIngress).key);
      if (all?.size === 0) this.#ofHost.delete(host);
    }
    for (const { host } of now?.tls ?? []) {
      const all = this.#ofHost.get(host) ?? new Map<string, CompiledIngress>();
      this.#ofHost.set(host, all.set((now as CompiledIngress).key, now as CompiledIngress));
    }
  }

  /** "" when nobody names one. */
  secretFor(name: string): string {
    const host = name.toLowerCase();
    return this.#of(host) || this.#of(withStar(host));
  }

  #of(host: string): string {
    const all = [...(this.#ofHost.get(host)?.values() ?? [])].sort((a, b) =>
      a.created === b.created ? (a.key < b.key ? -1 : 1) : a.created < b.created ? -1 : 1,
    );
    for (const { tls } of all) for (const each of tls) if (each.host === host && each.secret) return each.secret;
    return "";
  }
}
