/** A cluster with many pods and nobody who runs them: an API server and the dashboard before it, both in this process, and a browser. */
import { nodes, pods, serviceaccounts } from "@kubets/api/generated/refs";
import { node } from "@kubets/api/testing/node-builder";
import { startSocketServer } from "@kubets/apiserver/testing/socket-server";
import { type ApiRequest, type Client, createClient } from "@kubets/client";
import { openLink } from "@kubets/kubectl/api/connect";
import { serveDashboard } from "../../packages/kubets/src/dashboard/serve.ts";
import { Browser } from "../browser.ts";
import { User } from "./dashboard.ts";

export interface Crowd {
  readonly client: Client;
  /** A page of its own. */
  open(address: string): Promise<User>;
  close(): Promise<void>;
}

export interface CrowdOptions {
  readonly nodes: number;
  readonly pods: number;
  /** Sees each request of the dashboard, which goes on to the server when this has ended. */
  onRequest?(request: ApiRequest): Promise<void>;
}

/** The pods are `web-0`, `web-1` and so on, on `node-0` and so on by turns; all run, and nobody changes them but the test. */
export async function openCrowd({ onRequest, ...size }: CrowdOptions): Promise<Crowd> {
  const api = await startSocketServer();
  const link = await openLink({
    server: `https://127.0.0.1:${api.port}`,
    insecureSkipTlsVerify: true,
    headers: {},
    namespace: "default",
    credentials: {
      authorization: async () => "Bearer root",
      certificate: async () => undefined,
      refused: () => false,
    },
  });
  const request = async (asked: ApiRequest) => {
    await onRequest?.(asked);
    return link.transport.request(asked);
  };
  const watched = { ...link, transport: { ...link.transport, request } };
  const dashboard = await serveDashboard({ link: watched, key: "a-key-of-this-test", address: "127.0.0.1", port: 0 });
  const browser = new Browser([]);
  const close = async () => {
    await browser.close();
    await dashboard.close();
    await link.transport.close();
    await api.close();
  };
  const client = createClient(api.server.transport({ name: "root", groups: ["system:masters"] }));
  try {
    await fill(client, size);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    client,
    async open(address) {
      const user = new User(await browser.open(dashboard.url));
      await user.sees("Overview");
      await user.goes(address);
      return user;
    },
    close,
  };
}

async function fill(client: Client, size: { readonly nodes: number; readonly pods: number }): Promise<void> {
  await client.create(serviceaccounts, { metadata: { namespace: "default", name: "default" } });
  for (let n = 0; n < size.nodes; n++) {
    const { metadata, spec, status } = node(`node-${n}`).build();
    await client.create(nodes, { metadata: { name: metadata.name }, spec, status });
  }
  for (let n = 0; n < size.pods; n++) await addPod(client, `web-${n}`, `node-${n % size.nodes}`);
}

const SINCE = "2026-01-01T00:00:00Z";
const RUNNING = {
  phase: "Running",
  startTime: SINCE,
  conditions: [{ type: "Ready", status: "True", lastTransitionTime: SINCE }],
  containerStatuses: [
    {
      name: "c",
      image: "demo",
      imageID: "demo",
      ready: true,
      restartCount: 0,
      state: { running: { startedAt: SINCE } },
    },
  ],
};

export async function addPod(client: Client, name: string, nodeName: string): Promise<void> {
  const metadata = { namespace: "default", name };
  const resources = { requests: { cpu: "100m", memory: "64Mi" } };
  const spec = { nodeName, containers: [{ name: "c", image: "demo", resources }] };
  await client.create(pods, { metadata, spec });
  await client.patch(pods, metadata, { type: "merge", body: { status: RUNNING } }, { subresource: "status" });
}
