/** Without it a client that goes wrong could fill storage with events. Limits are for the server, a namespace, a user, or a source and its object. */
import type { Event } from "@kubets/api/generated/types/core-v1";
import { type Clock, TokenBucket, tooManyRequests } from "@kubets/machinery";
import { ConfigError, choice, type Infer, int, list, object } from "@kubets/machinery/config-file";
import { LruCache } from "@kubets/machinery/lru";
import { type PluginConfiguration, readConfiguration } from "../configuration.ts";
import type { AdmissionPlugin, AdmissionRequest } from "../plugin.ts";

const TYPES = ["Server", "Namespace", "User", "SourceAndObject"] as const;
const limit = object({ type: choice(TYPES, "Server"), qps: int(), burst: int(), cacheSize: int(4096) });
type Limit = Infer<typeof limit>;

const KINDS = { "eventratelimit.admission.k8s.io/v1alpha1/Configuration": object({ limits: list(limit) }) } as const;

export function eventRateLimit(given: PluginConfiguration | undefined): AdmissionPlugin {
  const limits = readConfiguration(given, KINDS)?.limits ?? [];
  for (const [i, { qps, burst }] of limits.entries())
    if (qps <= 0 || burst <= 0) throw new ConfigError(`${given?.from}: limits[${i}]: qps and burst must be above 0`);
  const buckets = limits.map((one) => new LruCache<string, TokenBucket>(one.type === "Server" ? 1 : one.cacheSize));
  const bucketOf = (one: Limit, i: number, key: string, clock: Clock) =>
    (buckets[i] as LruCache<string, TokenBucket>).getOrMake(
      key,
      () => new TokenBucket(clock, { rate: one.qps, burst: one.burst }),
    );
  return {
    name: "EventRateLimit",
    handles: (operation, { resource, group }, subresource) =>
      (operation === "CREATE" || operation === "UPDATE") &&
      resource === "events" &&
      (group === "" || group === "events.k8s.io") &&
      subresource === "",
    validate(request, { clock }) {
      if (request.dryRun) return;
      const reached = limits.flatMap((one, i) => {
        const key = keyOf(one.type, request);
        return bucketOf(one, i, key, clock).tryTake() ? [] : [`limit reached on type ${one.type} for key ${key}`];
      });
      if (reached.length)
        throw tooManyRequests(reached.length === 1 ? (reached[0] as string) : `[${reached.join(", ")}]`, 1);
    },
  };
}

function keyOf(type: Limit["type"], { namespace, user, object: draft }: AdmissionRequest): string {
  if (type === "Server") return "";
  if (type === "Namespace") return namespace;
  if (type === "User") return user.name;
  const { source, involvedObject: about } = draft as unknown as Partial<Event>;
  return [source?.component, source?.host, about?.kind, about?.namespace, about?.name, about?.uid, about?.apiVersion]
    .map((part) => part ?? "")
    .join("");
}
