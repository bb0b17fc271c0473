/**
 * The images that behaviours use; all are made on the machine. The pause and demo images come with every cluster; the test image (a shell, busybox's
 * tools, and servers that tell who they are and who asks) is built for the run.
 */

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

/** HTTP on $HTTP (8080), TCP on $TCP (8082), UDP on $UDP (8081); each tells the host name. `serve` is what the image runs unless told otherwise. */
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

export function buildTestImage(cluster: TestCluster): void {
  const folder = mkdtempSync(join(tmpdir(), "kubets-test-image-"));
  try {
    for (const path of ["bin", "dev", "etc", "proc", "root", "sys", "tmp", "usr/bin", "var", "www/cgi-bin"])
      mkdirSync(join(folder, path), { recursive: true });
    const busybox = execFileSync("sh", ["-c", "command -v busybox"], { encoding: "utf8" }).trim();
    cpSync(busybox, join(folder, "bin/busybox"));
    for (const tool of execFileSync(busybox, ["--list"], { encoding: "utf8" }).trim().split("\n"))
      if (tool !== "busybox") symlinkSync("busybox", join(folder, "bin", tool));
    writeFileSync(
      join(folder, "etc/passwd"),
      "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    );
    writeFileSync(join(folder, "etc/group"), "root:x:0:\nnobody:x:65534:\n");
    writeFileSync(join(folder, "bin/serve"), SERVE, { mode: 0o755 });
    for (const [name, content] of Object.entries(PAGES))
      writeFileSync(join(folder, "www/cgi-bin", name), content, { mode: 0o755 });
    cluster.kubets(["image", "build", IMAGES.test, folder, "--cmd", "/bin/serve"]);
    const entry = ["--entrypoint", "/bin/echo", "--entrypoint", "entry", "--cmd", "default"];
    cluster.kubets(["image", "build", IMAGES.entrypoint, folder, ...entry]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
