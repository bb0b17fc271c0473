/** A real etcd with TLS, reached as the egress selector `etcd` says: through a proxy, by CONNECT. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectProxy } from "@kubets/apiserver/egress/http-connect";
import { connectEtcd } from "@kubets/storage";
import { startConnectProxy } from "@kubets/wire/testing/connect-proxy";
import { connected, startEtcd, whyNoEtcd } from "./etcd-cluster.ts";

describe("an etcd behind a proxy", { skip: whyNoEtcd() ?? false }, () => {
  it("is read, written and watched", async () => {
    const cluster = await startEtcd(1);
    const proxy = await startConnectProxy();
    try {
      await (await connected(cluster)).close();
      const { dial } = connectProxy({ tcp: { url: proxy.url, tlsConfig: undefined }, uds: undefined });
      const storage = await connectEtcd({
        endpoints: [...cluster.endpoints],
        tls: cluster.tls,
        dialer: (host, port) => dial(host, port, AbortSignal.timeout(10_000)),
      });
      const start = await storage.currentRevision();
      const seen = new Promise<string>((resolve, reject) =>
        storage.watch("/egress/", start, {
          changes: ([change]) => change?.type === "put" && resolve(change.entry.key),
          closed: ({ why }) => reject(new Error(why)),
        }),
      );
      await storage.commit({ key: "/egress/a", expect: 0, value: () => Buffer.from("1") });
      assert.equal(await seen, "/egress/a");
      await storage.close();
      assert.deepEqual(
        [...new Set(proxy.targets)],
        cluster.endpoints.map((each) => new URL(each).host),
      );
    } finally {
      await proxy.close();
      await cluster.remove();
    }
  });
});
