/**
 * The images that behaviours use; all are made on the machine. The pause and demo images come with every cluster; the test image (a shell, busybox's
 * tools, and servers that tell who they are and who asks) is built for the run.
 */

import { withBusyboxRoot } from "../busybox-root.ts";
import type { TestCluster } from "../cluster.ts";

export const IMAGES = {
  /** Does nothing. */
  pause: "kubets.local/pause:1",
  /** Answers its host name on port 8080; a shell and busybox's tools. */
  demo: "kubets.local/demo:1",
  /** As `SERVE` below says. Not on simulated nodes, which take any name. */
  test: "kubets.local/test:1",
  /** Says "entry" and its arguments, which are "default" unless told otherwise. Not on simulated nodes either. */
  entrypoint: "kubets.local/entrypoint:1",
} as const;

/**
 * HTTP on $HTTP (8080), TCP on $TCP (8082), UDP on $UDP (8081); each tells the host name. `serve` is what the image runs unless told otherwise.
 * Debian's static busybox cannot do `wget -T`: use `timeout 5 wget`.
 */
const SERVE = `#!/bin/sh
trap 'kill $all; exit 0' TERM INT
httpd -f -v -p "\${HTTP:-8080}" -h /www & all=$!
tcpsvd 0.0.0.0 "\${TCP:-8082}" hostname & all="$all $!"
udpsvd 0.0.0.0 "\${UDP:-8081}" sh -c 'read -r -t 1 line; hostname' & all="$all $!"
echo "serving as $(hostname)"
wait
`;
const cgi = (body: string): string => `#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\n${body}\n`;
/** Paths below /cgi-bin. */
const PAGES: Readonly<Record<string, string>> = {
  "index.cgi": cgi("hostname"),
  hostname: cgi("hostname"),
  /** The address that asks. */
  clientip: cgi('echo "$REMOTE_ADDR"'),
  /** The request, as it came. */
  echo: cgi('echo "$REQUEST_METHOD $REQUEST_URI"; env | sort; cat'),
  env: cgi("env | sort"),
  /** Runs what the query says (`+` for spaces). */
  shell: cgi('eval "$(httpd -d "$(echo "$QUERY_STRING" | tr + " ")")" 2>&1'),
};

const PROGRAMS = {
  "bin/serve": SERVE,
  ...Object.fromEntries(Object.entries(PAGES).map(([name, content]) => [`www/cgi-bin/${name}`, content])),
};

export const buildTestImage = (cluster: TestCluster): void =>
  withBusyboxRoot(PROGRAMS, (folder) => {
    cluster.kubets(["image", "build", IMAGES.test, folder, "--cmd", "/bin/serve"]);
    const entry = ["--entrypoint", "/bin/echo", "--entrypoint", "entry", "--cmd", "default"];
    cluster.kubets(["image", "build", IMAGES.entrypoint, folder, ...entry]);
  });
