/** The cluster at a glance. */
import { type ComponentChild, h } from "preact";
import { useCluster, useLoaded } from "../parts/hooks.ts";

export function OverviewPage(): ComponentChild {
  const { server } = useCluster();
  const version = useLoaded("version", (signal) =>
    server.json<{ readonly gitVersion: string }>("/version", { signal }),
  );
  return h("article", null, h("h1", null, "Overview"), h("p", null, version.value?.gitVersion));
}
