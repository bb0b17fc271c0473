/** In which order pods go when something runs low: who uses more than it asked for, then the less important, then who uses the most. Pure. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { podPriority } from "@kubets/api/pod/priority";
import { podRequests } from "@kubets/api/pod/resources";

export interface Contender {
  readonly pod: Pod;
  /** Of what runs low: bytes, inodes or processes. */
  readonly used: number;
  /** Of memory and bytes of the disk, what each container uses. */
  readonly containers?: ReadonlyMap<string, number>;
}

export function rank(contenders: readonly Contender[], resource: string): Contender[] {
  const over = new Map(contenders.map((each) => [each, each.used - requested(each.pod, resource)]));
  const of = (each: Contender) => over.get(each) as number;
  return [...contenders].sort(
    (a, b) => Number(of(b) > 0) - Number(of(a) > 0) || podPriority(a.pod) - podPriority(b.pod) || of(b) - of(a),
  );
}

const requested = (pod: Pod, resource: string): number => podRequests(pod).get(resource)?.value() ?? 0;
