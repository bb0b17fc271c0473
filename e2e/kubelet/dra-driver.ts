/**
 * A driver of dynamically allocated resources as a process of its own: `node dra-driver.ts REGISTRY_SOCKET SERVICE_SOCKET CALLS`; each call is a line
 * of CALLS. A claim whose name begins with "broken" cannot be made ready.
 */
import { appendFileSync, rmSync } from "node:fs";
import { DRAPlugin } from "@kubets/wire/generated/kubelet/dra";
import { Registration } from "@kubets/wire/generated/kubelet/plugin-registration";
import { grpcServer, serve } from "@kubets/wire/grpc";

const DRIVER = "dra.example.com";
const [registrySocket = "", socket = "", calls = ""] = process.argv.slice(2);
const note = (call: string, more: object) => appendFileSync(calls, `${JSON.stringify({ call, ...more })}\n`);

for (const path of [registrySocket, socket]) rmSync(path, { force: true });
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
