/**
 * The images that behaviours use; all are made on the machine. The pause and demo images come with every cluster; the test image (a shell, busybox's
 * tools, and servers that tell who they are and who asks) is built for the run.
 */
import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
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
nc -ll -p "\${TCP:-8082}" -e hostname & all="$all $!"
udp-serve "\${UDP:-8081}" & all="$all $!"
echo "serving as $(hostname)"
wait
`;
/** What busybox lacks, in the Perl that every Debian has. `udp-ask HOST PORT` prints the answer to one datagram, or fails after two seconds. */
const UDP_SERVE = `#!/usr/bin/perl
use Socket;
chomp(my $name = \`hostname\`);
socket(my $s, PF_INET, SOCK_DGRAM, 0) or die $!;
bind($s, sockaddr_in($ARGV[0], INADDR_ANY)) or die $!;
while (my $from = recv($s, my $text, 65535, 0)) { send($s, "$name\\n", 0, $from) }
`;
const UDP_ASK = `#!/usr/bin/perl
use Socket;
socket(my $s, PF_INET, SOCK_DGRAM, 0) or die $!;
send($s, "who", 0, sockaddr_in($ARGV[1], inet_aton($ARGV[0]))) or die $!;
$SIG{ALRM} = sub { die "no answer\\n" };
alarm 2;
recv($s, my $text, 65535, 0) // die $!;
print $text;
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
  "bin/udp-serve": UDP_SERVE,
  "bin/udp-ask": UDP_ASK,
  ...Object.fromEntries(Object.entries(PAGES).map(([name, content]) => [`www/cgi-bin/${name}`, content])),
};

export const buildTestImage = (cluster: TestCluster): void =>
  withBusyboxRoot(PROGRAMS, (folder) => {
    copyPerl(folder);
    cluster.kubets(["image", "build", IMAGES.test, folder, "--cmd", "/bin/serve"]);
    const entry = ["--entrypoint", "/bin/echo", "--entrypoint", "entry", "--cmd", "default"];
    cluster.kubets(["image", "build", IMAGES.entrypoint, folder, ...entry]);
  });

/** The interpreter, the libraries that it is linked with, and its own modules. */
function copyPerl(root: string): void {
  const libraries = [...execFileSync("ldd", ["/usr/bin/perl"], { encoding: "utf8" }).matchAll(/(\/\S+) \(/g)];
  const modules = execFileSync("perl", ["-e", "print grep { /perl-base/ } @INC"], { encoding: "utf8" });
  for (const path of ["/usr/bin/perl", modules, ...libraries.map(([, path]) => path as string)])
    cpSync(path, join(root, path), { recursive: true, dereference: true });
}
