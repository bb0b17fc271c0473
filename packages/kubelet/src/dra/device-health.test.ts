import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Container } from "@kubets/api/generated/types/core-v1";
import { pod } from "@kubets/api/testing/pod-builder";
import { silentLogger, VirtualClock } from "@kubets/machinery";
import { HealthStatus } from "@kubets/wire/generated/kubelet/v1alpha1";
import { type GrpcClient, GrpcError } from "@kubets/wire/grpc";
import { MemoryDisk } from "../disk/memory-disk.ts";
import { DeviceHealth } from "./device-health.ts";
import type { DraDrivers } from "./drivers.ts";
import { DynamicResources } from "./dynamic-resources.ts";

const said = (health: HealthStatus, seconds = 0, message = "") => ({
  devices: [{ device: { poolName: "p", deviceName: "d" }, health, healthCheckTimeoutSeconds: seconds, message }],
});

/** A driver that says these, one after the other, whenever the clock was turned. */
function driverSaying(...all: readonly object[]) {
  const waiting: (() => void)[] = [];
  let asked = 0;
  const client = {
    async *serverStream() {
      asked++;
      for (const each of all) {
        yield each;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      throw new GrpcError("UNAVAILABLE", "it broke off");
    },
  } as unknown as GrpcClient;
  return { client, next: () => waiting.shift()?.(), asked: () => asked };
}

async function settled(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await turn();
}

const watch = (clock: VirtualClock, changes: string[], message = true) =>
  new DeviceHealth({
    clock,
    log: silentLogger,
    tells: { health: true, message },
    changed: (driver) => changes.push(driver),
  });

test("a device is as its driver said last, for as long as that holds, and unknown without the driver", async () => {
  const clock = new VirtualClock();
  const changes: string[] = [];
  const health = watch(clock, changes);
  const driver = driverSaying(said(HealthStatus.HEALTHY), said(HealthStatus.UNHEALTHY, 60, "too hot"));
  assert.deepEqual(health.of("x", "p", "d"), { health: "Unknown" });
  health.follow("x", driver.client);
  await settled();
  assert.deepEqual(health.of("x", "p", "d"), { health: "Healthy" });
  await clock.advance(30_000);
  assert.deepEqual(health.of("x", "p", "d"), { health: "Unknown" });
  assert.deepEqual(changes, ["x", "x"]);
  driver.next();
  await settled();
  assert.deepEqual(health.of("x", "p", "d"), { health: "Unhealthy", message: "too hot" });
  await clock.advance(59_999);
  assert.equal(health.of("x", "p", "d").health, "Unhealthy");
  driver.next();
  await settled();
  await clock.advance(5000);
  await settled();
  assert.equal(driver.asked(), 2);
  health.forget("x");
  assert.deepEqual(health.of("x", "p", "d"), { health: "Unknown" });
});

test("a driver that does not tell is not asked again, and words can be left out", async () => {
  const clock = new VirtualClock();
  const silent = {
    async *serverStream() {
      yield* [];
      throw new GrpcError("UNIMPLEMENTED", "unknown service");
    },
  } as unknown as GrpcClient;
  const changes: string[] = [];
  const health = watch(clock, changes, false);
  health.follow("silent", silent);
  health.follow("x", driverSaying(said(HealthStatus.UNHEALTHY, 60, "too hot")).client);
  await settled();
  assert.deepEqual(health.of("x", "p", "d"), { health: "Unhealthy" });
  await clock.advance(10_000);
  assert.deepEqual(changes, ["x"]);
  health.close();
});

test("a pod whose claim is not made yet has no devices to tell of", () => {
  const resources = new DynamicResources({
    client: { get: async () => assert.fail("nothing is asked") },
    drivers: {} as DraDrivers,
    health: watch(new VirtualClock(), []),
    disk: new MemoryDisk(),
    root: "/k",
    hasGroups: false,
  });
  const claims = [{ name: "mine", resourceClaimTemplateName: "t" }];
  const waiting = pod("a")
    .container("c", { resources: { claims: [{ name: "mine" }] } })
    .spec({ resourceClaims: claims });
  const made = waiting.build();
  assert.deepEqual(resources.healthOf(made, made.spec.containers[0] as Container), []);
});
