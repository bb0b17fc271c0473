/**
 * The two images that a first cluster needs, made from this machine's static busybox: the pause image, and a demo with a web server that answers its
 * host name, a shell and the usual tools.
 * Holds: both end at once on TERM (process 1 has no default for it), and share their one large layer.
 */
import { run } from "../namespaces/collect.ts";
import type { Image } from "./archive.ts";
import { type Layer, type LayerEntry, makeLayer } from "./layer.ts";

export const PAUSE_IMAGE = "kubets.local/pause:1";
export const DEMO_IMAGE = "kubets.local/demo:1";
export const DEMO_PORT = 8080;

/** Waiting takes in children that lost their parent. */
const PAUSE = `#!/bin/sh
trap 'exit 0' TERM INT
while :; do sleep 2147483647 & wait $!; done
`;

const DEMO = `#!/bin/sh
# Serves /www on $PORT; logs each request.
trap 'kill $server; exit 0' TERM INT
httpd -f -v -p "\${PORT:-${DEMO_PORT}}" -h /www &
server=$!
echo "serving on port \${PORT:-${DEMO_PORT}} as $(hostname)"
while kill -0 $server 2>/dev/null; do wait $server; done
`;

const ANSWER = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
hostname
`;

/** `folder` takes the layers, until they are loaded. */
export async function makeLocalImages(busybox: string, folder: string): Promise<readonly Image[]> {
  const base = await makeLayer(await busyboxEntries(busybox), folder);
  const layered = async (entries: LayerEntry[]): Promise<Layer[]> => [base, await makeLayer(entries, folder)];
  const pause = await layered([{ path: "pause", type: "file", mode: 0o755, content: PAUSE }]);
  const demo = await layered([
    { path: "www", type: "directory" },
    { path: "www/cgi-bin", type: "directory" },
    { path: "www/cgi-bin/index.cgi", type: "file", mode: 0o755, content: ANSWER },
    { path: "bin/demo", type: "file", mode: 0o755, content: DEMO },
  ]);
  return [
    { name: PAUSE_IMAGE, layers: pause, config: { entrypoint: ["/pause"] } },
    { name: DEMO_IMAGE, layers: demo, config: { cmd: ["/bin/demo"], exposedPorts: [`${DEMO_PORT}/tcp`] } },
  ];
}

async function busyboxEntries(busybox: string): Promise<LayerEntry[]> {
  const tools = (await run(busybox, ["--list"])).split("\n").filter((name) => name && name !== "busybox");
  const folder = (path: string, mode?: number): LayerEntry => ({ path, type: "directory", mode });
  return [
    ...["bin", "dev", "etc", "home", "proc", "root", "run", "sys", "usr", "usr/bin", "var"].map((path) => folder(path)),
    folder("tmp", 0o1777),
    { path: "bin/busybox", type: "file", mode: 0o755, from: busybox },
    ...tools.map((name): LayerEntry => ({ path: `bin/${name}`, type: "symlink", target: "busybox" })),
    { path: "usr/bin/env", type: "symlink", target: "../../bin/busybox" },
    {
      path: "etc/passwd",
      type: "file",
      content: "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    },
    { path: "etc/group", type: "file", content: "root:x:0:\nnobody:x:65534:\n" },
  ];
}
