/** Stand-ins for the images of recorded scenes, under the same names, made of Debian's static busybox. */
import { withBusyboxRoot } from "../busybox-root.ts";
import type { TestCluster } from "../cluster.ts";

/** As process 1 a sleeper does not react to TERM. */
const DEAF = ["/bin/sleep", "2147483647"];
const TESTS = "registry.k8s.io/e2e-test-images";

/** `netexec --http-port=N` tells its host name; `liveness` is well for ten seconds; `connect HOST:PORT` says how it is turned away. */
const AGNHOST = `#!/bin/sh
if [ "$1" = connect ]; then
  answer=$(nc -w 5 \${2%:*} \${2##*:} </dev/null 2>&1 >/dev/null) && exit 0
  case $answer in *refused*) echo REFUSED;; *timed*) echo TIMEOUT;; *) echo "OTHER: $answer";; esac >&2
  exit 1
fi
port=8080
for word; do case $word in --http-port=*) port=\${word#*=};; esac; done
[ "$1" = liveness ] && { echo ok > /www/healthz; (sleep 10; rm /www/healthz) & }
hostname > /www/hostname
exec httpd -f -p $port -h /www
`;
const IMAGES: Readonly<Record<string, readonly string[]>> = {
  "registry.k8s.io/pause:3.10.2": ["--entrypoint", DEAF.join(",")],
  [`${TESTS}/busybox:1.37.0-1`]: ["--cmd", "sh"],
  [`${TESTS}/agnhost:2.63.0`]: ["--entrypoint", "/agnhost"],
  [`${TESTS}/nginx:1.27-0`]: ["--cmd", "httpd,-f,-p,80,-h,/www"],
};

const PROGRAMS = { agnhost: AGNHOST, "www/index.html": "ok\n" };

export const buildSceneImages = (cluster: TestCluster): void =>
  withBusyboxRoot(PROGRAMS, (folder) => {
    for (const [name, how] of Object.entries(IMAGES)) cluster.kubets(["image", "build", name, folder, ...how]);
  });
