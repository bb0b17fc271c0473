/** A guest book in three tiers, as kubectl makes and removes it: frontends before replicas that follow a primary, each found by its service's name. */
import assert from "node:assert/strict";
import { endpointslices, pods } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import { podSpec, template } from "../objects.ts";

const page = (name: string, body: string) =>
  `printf '%s\\n' '#!/bin/sh' 'echo "Content-Type: text/plain"; echo' '${body}' > /www/cgi-bin/${name}; chmod +x /www/cgi-bin/${name}`;
const serve = (...pages: string[]): string =>
  ["mkdir -p /data /www/cgi-bin", "touch /data/entries", ...pages, "exec httpd -f -p 8080 -h /www"].join("; ");
const from = (service: string, path: string) => `timeout 5 wget -qO- "http://${service}/cgi-bin/${path}"`;

const TIERS = {
  /** Keeps what is written. */
  "guestbook-primary": {
    replicas: 1,
    command: serve(page("set", 'echo "$QUERY_STRING" >> /data/entries; echo kept'), page("get", "cat /data/entries")),
  },
  /** Fetches what the primary has, and shows its own copy. */
  "guestbook-replica": {
    replicas: 2,
    command: serve(
      page("get", `${from("guestbook-primary", "get")} > /data/new && cp /data/new /data/entries; cat /data/entries`),
    ),
  },
  /** Writes to the primary, reads from a replica. */
  "guestbook-frontend": {
    replicas: 3,
    command: serve(
      page("set", from("guestbook-primary", "set?$QUERY_STRING")),
      page("get", from("guestbook-replica", "get")),
    ),
  },
};

function application(): string {
  const items = Object.entries(TIERS).flatMap(([name, { replicas, command }]) => {
    const labels = { app: name, book: "guests" };
    return [
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name, labels },
        spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
      },
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name, labels },
        spec: { replicas, selector: { matchLabels: labels }, template: template(labels, podSpec(command)) },
      },
    ];
  });
  return JSON.stringify({ apiVersion: "v1", kind: "List", items });
}

behaviour(
  "[sig-cli] Kubectl client Guestbook application should create and stop a working application [Conformance]",
  { on: "containers" },
  async (t) => {
    const input = application();
    await t.kubectl(["create", "-f", "-"], { input });
    for (const name of Object.keys(TIERS))
      await t.kubectl(["rollout", "status", `deployment/${name}`, "--timeout=120s"]);
    const ask = (path: string) =>
      t.request("GET", `/api/v1/namespaces/${t.namespace}/services/guestbook-frontend:80/proxy/cgi-bin/${path}`);
    await t.eventually("an empty book", async () => {
      const { status, text } = await ask("get");
      return status === 200 && text.trim() === "";
    });
    await t.eventually("an entry that is kept", async () => (await ask("set?TestEntry")).text.trim() === "kept");
    await t.eventually("the entry by way of a replica", async () => (await ask("get")).text.includes("TestEntry"));
    for (let i = 0; i < 6; i++) assert.match((await ask("get")).text, /^TestEntry$/m);

    await t.kubectl(["delete", "--grace-period=0", "--force", "-f", "-"], { input });
    const book = { namespace: t.namespace, labelSelector: "book=guests" };
    await t.eventually("no pod of it left", async () => (await t.client.list(pods, book)).items.length === 0);
    await t.eventually(
      "no endpoint of it left",
      async () => (await t.client.list(endpointslices, book)).items.length === 0,
    );
    assert.equal((await t.kubectl(["get", "all", "-l", "book=guests", "-o", "name"])).trim(), "");
  },
);
