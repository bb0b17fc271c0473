/**
 * What turns a plan into packets: nftables, iptables, userspace. The plan is pure data (plan.ts) and the same for all.
 *
 * Holds for each backend: after `apply` resolves, new connections go where the plan says; a change is one transaction (no packet sees
 * half of it); connections that exist stay unless their endpoint is gone; the cost of a change grows with the change. What a crashed
 * predecessor left is replaced by the first `replace`. `cleanup` removes everything that the backend ever made, also of a predecessor.
 */
import type { PlanChange, ProxyPlan } from "./plan.ts";

export interface ProxyBackend {
  readonly name: "nftables" | "iptables" | "userspace";
  /** Says why it cannot work on this machine, or undefined. */
  unavailable(): Promise<string | undefined>;
  /** Brings the machine from whatever it holds to exactly this plan. */
  replace(plan: ProxyPlan): Promise<void>;
  /** Changes what the last plan said. Throws without effect when the machine is not as it was left; then `replace` mends. */
  apply(change: PlanChange): Promise<void>;
  cleanup(): Promise<void>;
}
