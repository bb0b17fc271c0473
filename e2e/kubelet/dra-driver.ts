/**
 * A driver of dynamically allocated resources as a process of its own: `node dra-driver.ts REGISTRY_SOCKET SERVICE_SOCKET CALLS`; each call is a line
 * of CALLS. A claim whose name begins with "broken" cannot be made ready.
 */
import { appendFileSync, rmSync } from "node:fs";
import { DRAPlugin } from "@kubets/wire/generated/kubelet/dra";
import { Registration } from "@kubets/wire/generated/kubelet/plugin-registration";
import { DRAResourceHealth, HealthStatus } from "@kubets/wire/generated/kubelet/v1alpha1";
import { grpcServer, serve } from "@kubets/wire/grpc";

const DRIVER = "dra.example.com";
const [registrySocket = "", socket = "", calls = ""] = process.argv.slice(2);
const note = (call: string, more: object) => appendFileSync(calls, `${JSON.stringify({ call, ...more })}\n`);

for (const path of [registrySocket, socket]) rmSync(path, { force: true });
/** SIGUSR1: the device fails. */
let fails = () => {};
process.on("SIGUSR1", () => fails());
const told = (health: HealthStatus, message = "") => ({
  devices: [
    {
      device: { poolName: "pool", deviceName: "dev-1" },
      health,
      lastUpdatedTime: Math.floor(Date.now() / 1000),
      healthCheckTimeoutSeconds: 600,
      message,
    },
  ],
});
await grpcServer({
  listen: `unix:${socket}`,
  services: [
    serve(DRAPlugin, {
      async nodePrepareResources({ claims }) {
        note("prepare", { claims: claims.map(({ name }) => name) });
        const answer = ({ name }: { name: string }) =>
          name.startsWith("broken")
            ? { error: "no such device" }
            : {
                devices: [
                  {
                    requestNames: ["one"],
                    poolName: "pool",
                    deviceName: "dev-1",
                    cdiDeviceIds: [`${DRIVER}/thing=dev-1`],
                  },
                ],
              };
        return { claims: Object.fromEntries(claims.map((claim) => [claim.uid, answer(claim)])) };
      },
      async nodeUnprepareResources({ claims }) {
        note("unprepare", { claims: claims.map(({ name }) => name) });
        return { claims: Object.fromEntries(claims.map(({ uid }) => [uid, {}])) };
      },
    }),
    serve(DRAResourceHealth, {
      async *nodeWatchResources() {
        yield told(HealthStatus.HEALTHY);
        await new Promise<void>((resolve) => {
          fails = resolve;
        });
        yield told(HealthStatus.UNHEALTHY, "too hot");
        await new Promise(() => {});
      },
    }),
  ],
});
await grpcServer({
  listen: `unix:${registrySocket}`,
  services: [
    serve(Registration, {
      getInfo: async () => ({
        type: "DRAPlugin",
        name: DRIVER,
        endpoint: socket,
        supportedVersions: ["v1.DRAPlugin", "v1beta1.DRAPlugin"],
      }),
      async notifyRegistrationStatus(status) {
        note("registered", status);
        return {};
      },
    }),
  ],
});
