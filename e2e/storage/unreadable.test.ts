/** Values that cannot be read, in an etcd that others write to as well. */
import { unreadableSuite } from "@kubets/apiserver/store/unreadable.suite";
import { connected, startEtcd, whyNoEtcd } from "./etcd-cluster.ts";

unreadableSuite(
  "etcd",
  async (run) => {
    const etcd = await startEtcd(1);
    try {
      const storage = await connected(etcd);
      await run(storage);
      await storage.close();
    } finally {
      await etcd.remove();
    }
  },
  whyNoEtcd() ?? false,
);
