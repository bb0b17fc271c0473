/**
 * A device plugin as a process of its own: three devices of one resource, of which one can be told to fail.
 * `node device-plugin.ts FOLDER CALLS`: FOLDER is the kubelet's of device plugins; each call is a line of CALLS. SIGUSR1 lets the last device fail.
 */
import { appendFileSync, rmSync, watch } from "node:fs";
import { join } from "node:path";
import { DevicePlugin, Registration } from "@kubets/wire/generated/kubelet/device-plugin";
import { grpcClient, grpcServer, serve } from "@kubets/wire/grpc";

const RESOURCE = "example.com/widget";
const [folder = "", calls = ""] = process.argv.slice(2);
const note = (call: string, more: object) => appendFileSync(calls, `${JSON.stringify({ call, ...more })}\n`);
const socket = join(folder, "widget.sock");

let served: Awaited<ReturnType<typeof grpcServer>> | undefined;
let failed = false;
let changed = Promise.withResolvers<void>();
process.on("SIGUSR1", () => {
  failed = true;
  changed.resolve();
});

await serveDevices();
await register();
// A kubelet that starts anew makes its socket anew, and takes others away.
watch(folder, (_, name) => {
  if (name === "kubelet.sock") void serveDevices().then(register);
});

async function serveDevices(): Promise<void> {
  await served?.close();
  rmSync(socket, { force: true });
  served = await grpcServer({
    listen: `unix:${socket}`,
    services: [
      serve(DevicePlugin, {
        getDevicePluginOptions: async () => ({ preStartRequired: true, getPreferredAllocationAvailable: true }),
        async *listAndWatch(_, { signal }) {
          while (!signal.aborted) {
            yield {
              devices: [1, 2, 3].map((n) => ({
                ID: `w${n}`,
                health: failed && n === 3 ? "Unhealthy" : "Healthy",
                topology: { nodes: [{ ID: 0 }] },
              })),
            };
            changed = Promise.withResolvers();
            await changed.promise;
          }
        },
        async getPreferredAllocation({ containerRequests }) {
          return {
            containerResponses: containerRequests.map(({ availableDeviceIDs, allocationSize }) => ({
              deviceIDs: availableDeviceIDs.toSorted().reverse().slice(0, allocationSize),
            })),
          };
        },
        async allocate({ containerRequests }) {
          const ids = containerRequests[0]?.devicesIds ?? [];
          note("allocate", { ids });
          return {
            containerResponses: [
              {
                envs: { WIDGETS: ids.join(",") },
                devices: [{ containerPath: "/dev/widget", hostPath: "/dev/zero", permissions: "rw" }],
                mounts: [{ containerPath: "/widgets", hostPath: folder, readOnly: true }],
              },
            ],
          };
        },
        async preStartContainer({ devicesIds }) {
          note("preStart", { ids: devicesIds });
          return {};
        },
      }),
    ],
  });
}

async function register(): Promise<void> {
  const client = grpcClient({ target: `unix://${join(folder, "kubelet.sock")}` });
  try {
    const options = { preStartRequired: true, getPreferredAllocationAvailable: true };
    await client.unary(
      Registration.register,
      { version: "v1beta1", endpoint: "widget.sock", resourceName: RESOURCE, options },
      { waitForReady: true, timeoutMs: 10_000 },
    );
    note("registered", {});
  } catch (error) {
    note("refused", { why: (error as Error).message });
  } finally {
    client.close();
  }
}
