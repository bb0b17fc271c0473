/** A pod that asks others over the network, by the tools that the test image has. */
import { nodes } from "@kubets/api/generated/refs";
import type { BehaviourContext } from "../context.ts";
import { pod } from "../objects.ts";
import { createPod } from "../output.ts";
import { IMAGES } from "../test-image.ts";

export interface Asker {
  /** The name of who answers, or "" when nobody does; of several requests a line each. */
  http(host: string, port: number, times?: number): Promise<string>;
  udp(host: string, port: number): Promise<string>;
  /** The addresses of a name as programs find them: through /etc/hosts and the search list. */
  addresses(name: string): Promise<string>;
  /** What the cluster's DNS says to a whole name. */
  record(type: "srv" | "cname" | "ptr", name: string): Promise<string>;
  /** What it says of servers to a part of a name, which is completed from the search list. */
  servers(part: string): Promise<string>;
}

const ADDRESSES =
  'use Socket; my @all = gethostbyname($ARGV[0]); print join(",", sort map { inet_ntoa($_) } @all[4..$#all])';

export async function asker(t: BehaviourContext, spec: object = {}, name = "asks"): Promise<Asker> {
  const own = { name: "c", image: IMAGES.test, command: ["sh", "-c", "trap 'exit 0' TERM; sleep 100000 & wait"] };
  await createPod(t, pod(name, {}, { terminationGracePeriodSeconds: 1, containers: [own], ...spec }));
  await t.podReady(name);
  const run = async (...command: string[]) => (await t.exec(name, command)).trim();
  const shell = (script: string) => run("sh", "-c", `{ ${script}; } 2>/dev/null || true`);
  const urlHost = (host: string) => (host.includes(":") ? `[${host}]` : host);
  return {
    http: (host, port, times = 1) =>
      shell(`for i in $(seq ${times}); do timeout 3 wget -q -O - http://${urlHost(host)}:${port}/ || echo; done`),
    udp: (host, port) => shell(`udp-ask ${host} ${port}`),
    addresses: (wanted) => run("perl", "-e", ADDRESSES, wanted),
    record: (type, wanted) => shell(`nslookup -type=${type} ${wanted}`),
    servers: (part) =>
      shell(`for d in $(sed -n "s/^search //p" /etc/resolv.conf); do nslookup -type=srv ${part}.$d; done`),
  };
}

/** An address of each node. */
export async function nodeAddresses({ client }: BehaviourContext): Promise<string[]> {
  const { items } = await client.list(nodes);
  return items.flatMap(({ status }) => status.addresses?.find(({ type }) => type === "InternalIP")?.address ?? []);
}
