/**
 * How drivers say that their devices are (gate ResourceHealthStatus): each that wants to is asked once, and tells whenever something changed.
 * Holds: what a driver has not said again within the time that it promised is not known any more, nor is anything of one that has gone.
 */
import { type Clock, type Logger, sleep, type Timer } from "@kubets/machinery";
import { DRAResourceHealth, HealthStatus } from "@kubets/wire/generated/kubelet/v1alpha1";
import { type GrpcClient, GrpcError } from "@kubets/wire/grpc";

export interface DeviceHealthOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether statuses say how devices are, and in words too (gate ResourceHealthStatusMessage). */
  readonly tells: { readonly health: boolean; readonly message: boolean };
  /** Something is other than before of a driver's devices. */
  changed(driver: string): void;
}

export interface Health {
  readonly health: "Healthy" | "Unhealthy" | "Unknown";
  readonly message?: string;
}

interface Told extends Health {
  readonly until: number;
}

interface Followed {
  readonly stop: AbortController;
  readonly devices: Map<string, Told>;
  timer?: Timer;
}

const USUAL_SECONDS = 30;
const AGAIN_MS = 5000;
const UNKNOWN: Health = { health: "Unknown" };

export class DeviceHealth {
  readonly #options: DeviceHealthOptions;
  readonly #drivers = new Map<string, Followed>();

  constructor(options: DeviceHealthOptions) {
    this.#options = options;
  }

  get isTold(): boolean {
    return this.#options.tells.health;
  }

  /** Instead of an earlier instance of the driver. */
  follow(driver: string, client: GrpcClient): void {
    if (!this.isTold) return;
    this.forget(driver);
    const followed: Followed = { stop: new AbortController(), devices: new Map() };
    this.#drivers.set(driver, followed);
    void this.#follow(driver, client, followed);
  }

  forget(driver: string): void {
    const followed = this.#drivers.get(driver);
    if (!followed) return;
    followed.stop.abort();
    followed.timer?.cancel();
    this.#drivers.delete(driver);
    this.#options.changed(driver);
  }

  close(): void {
    for (const { stop, timer } of this.#drivers.values()) {
      stop.abort();
      timer?.cancel();
    }
  }

  of(driver: string, pool: string, device: string): Health {
    const told = this.#drivers.get(driver)?.devices.get(`${pool}/${device}`);
    if (!told || told.until <= this.#options.clock.monotonic()) return UNKNOWN;
    const { health, message } = told;
    return { health, ...(message && { message }) };
  }

  async #follow(driver: string, client: GrpcClient, followed: Followed): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = followed.stop;
    while (!signal.aborted) {
      try {
        const lists = client.serverStream(DRAResourceHealth.nodeWatchResources, {}, { signal });
        for await (const { devices } of lists) this.#heard(driver, followed, devices);
      } catch (error) {
        // It has nothing to say of that.
        if (signal.aborted || (error instanceof GrpcError && error.code === "UNIMPLEMENTED")) return;
        log.info("a driver broke off telling how its devices are", { driver, error });
      }
      await sleep(clock, AGAIN_MS, signal).catch(() => {});
    }
  }

  #heard(driver: string, followed: Followed, devices: readonly Said[]): void {
    const { clock, changed, tells } = this.#options;
    const now = clock.monotonic();
    for (const { device, health, healthCheckTimeoutSeconds, message } of devices) {
      const seconds = Number(healthCheckTimeoutSeconds) || USUAL_SECONDS;
      followed.devices.set(`${device?.poolName}/${device?.deviceName}`, {
        health:
          health === HealthStatus.HEALTHY ? "Healthy" : health === HealthStatus.UNHEALTHY ? "Unhealthy" : "Unknown",
        ...(tells.message && message && { message }),
        until: now + seconds * 1000,
      });
    }
    changed(driver);
    this.#watchTime(driver, followed);
  }

  /** What runs out is told of when it does. */
  #watchTime(driver: string, followed: Followed): void {
    const { clock, changed } = this.#options;
    followed.timer?.cancel();
    const now = clock.monotonic();
    const next = Math.min(...[...followed.devices.values()].map(({ until }) => until).filter((until) => until > now));
    if (next === Number.POSITIVE_INFINITY) return;
    followed.timer = clock.after(next - now, () => {
      changed(driver);
      this.#watchTime(driver, followed);
    });
  }
}

interface Said {
  readonly device?: { readonly poolName: string; readonly deviceName: string };
  readonly health: HealthStatus;
  readonly healthCheckTimeoutSeconds: number | bigint;
  readonly message: string;
}
