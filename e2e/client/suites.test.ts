/** What the client shows over the memory API, it shows against the real API server: over HTTPS, and in its process. */
import { clientSuite } from "@kubets/client/client.suite";
import { informerSuite } from "@kubets/client/informer.suite";
import { MemoryStorage } from "@kubets/storage";
import { startApiServer } from "../api-server.ts";

for (const way of ["overHttps", "inProcess"] as const) {
  const open = async () => {
    const server = await startApiServer(new MemoryStorage());
    return { transport: server[way], close: () => server.stop() };
  };
  const name = way === "overHttps" ? "the API server, over HTTPS" : "the API server, in its process";
  clientSuite(name, open);
  informerSuite(name, open);
}
