/** How services were given addresses and ports, by the original's names: how often, whether they got what they asked for, and how much is left. */
import type { Cidr } from "@kubets/machinery";
import type { MetricsRegistry } from "@kubets/machinery/metrics";

/** What was named by who asks for it, or anything. */
export type Scope = "static" | "dynamic";

/** Noted for nobody; held and not noted; noted for another; of no range; none at all. */
type WrongAddress = "leak" | "repair" | "duplicate" | "outOfRange" | "invalid";
export type WrongPort = "duplicate" | "outOfRange";

export class ServiceMetrics {
  readonly #registry: MetricsRegistry;
  readonly #addresses;
  readonly #ports;
  readonly #repair;

  constructor(registry: MetricsRegistry) {
    const counted = (prefix: string, things: string, labels: readonly string[]) => ({
      given: registry.counter({
        name: `${prefix}_allocation_total`,
        help: `${things} that services were given.`,
        labels,
      }),
      refused: registry.counter({
        name: `${prefix}_allocation_errors_total`,
        help: `${things} that services could not be given.`,
        labels,
      }),
    });
    this.#registry = registry;
    this.#addresses = {
      ...counted("kube_apiserver_clusterip_allocator", "Addresses", ["cidr", "scope"]),
      seconds: registry.histogram({
        name: "kube_apiserver_clusterip_allocator_allocation_duration_seconds",
        help: "How long it took to give an address, in seconds.",
        labels: ["cidr"],
      }),
    };
    const found = (name: string, what: string) =>
      registry.counter({
        name: `apiserver_${name}`,
        help: `What was found to be wrong with ${what}.`,
        labels: ["type"],
      });
    this.#repair = {
      addresses: found("clusterip_repair_ip_errors_total", "the addresses of services"),
      ports: found("nodeport_repair_port_errors_total", "the node ports of services"),
      failures: registry
        .counter({
          name: "apiserver_clusterip_repair_reconcile_errors_total",
          help: "How often what was wrong with the addresses of services could not be put right.",
        })
        .values(),
    };
    this.#ports = counted("kube_apiserver_nodeport_allocator", "Ports", ["scope"]);
  }

  address(range: Cidr, scope: Scope, seconds: number, isGiven: boolean): void {
    const { given, refused, seconds: durations } = this.#addresses;
    (isGiven ? given : refused).values(range.toString(), scope).inc();
    if (isGiven) durations.values(range.toString()).observe(seconds);
  }

  port(scope: Scope, isGiven: boolean): void {
    (isGiven ? this.#ports.given : this.#ports.refused).values(scope).inc();
  }

  wrongAddress(why: WrongAddress): void {
    this.#repair.addresses.values(why).inc();
  }

  wrongPort(why: WrongPort): void {
    this.#repair.ports.values(why).inc();
  }

  repairFailed(): void {
    this.#repair.failures.inc();
  }

  /** What is taken and what there is, counted when somebody asks. */
  watch(
    addresses: () => Iterable<readonly [range: Cidr, taken: number, all: number]>,
    ports: () => readonly [number, number],
  ): void {
    const gauge = (name: string, help: string, labels: readonly string[]) =>
      this.#registry.gauge({ name: `kube_apiserver_${name}`, help, labels });
    const takenAddresses = gauge("clusterip_allocator_allocated_ips", "Addresses that services have.", ["cidr"]);
    const freeAddresses = gauge("clusterip_allocator_available_ips", "Addresses that no service has.", ["cidr"]);
    const takenPorts = gauge("nodeport_allocator_allocated_ports", "Ports that services have.", []);
    const freePorts = gauge("nodeport_allocator_available_ports", "Ports that no service has.", []);
    this.#registry.onCollect(() => {
      for (const family of [takenAddresses, freeAddresses]) family.clear();
      for (const [range, taken, all] of addresses()) {
        takenAddresses.values(range.toString()).set(taken);
        freeAddresses.values(range.toString()).set(all - taken);
      }
      const [taken, all] = ports();
      takenPorts.values().set(taken);
      freePorts.values().set(all - taken);
    });
  }
}
