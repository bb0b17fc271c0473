/**
 * The way out of a cluster, tried on a machine that is itself a network namespace: it has an uplink to another one, "the world". So no packet reaches
 * the real network, and nothing of the real machine is changed.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { chooseNamespaceDriver, type NamespaceDriver, run, type Scope } from "@kubets/sandbox";
import { dropNamespaces, makeNamespaces } from "@kubets/sandbox/namespaces/namespace-set";
import { refusal } from "./machine.ts";

const PROGRAM = join(import.meta.dirname, "uplink-program.ts");

describe("the uplink of a cluster", { skip: await refusal() }, () => {
  let folder: string;
  let machine: Scope & { net: string };
  let world: Scope & { net: string };
  let driver: NamespaceDriver;

  before(async () => {
    driver = await chooseNamespaceDriver();
    folder = await mkdtemp(join(tmpdir(), "kubets-uplink-"));
    const make = async (name: string) => {
      await makeNamespaces({ folder: join(folder, name), kinds: ["net"] });
      return { net: join(folder, name, "net") };
    };
    [machine, world] = [await make("machine"), await make("world")];
    const up = (address: string) => `address add ${address}/24 dev eth0\nlink set eth0 up\n`;
    await run("ip", ["-batch", "-"], {
      scope: machine,
      input: `link add eth0 type veth peer name eth0 netns ${world.net}\n${up("198.51.100.2")}`,
    });
    await run("ip", ["-batch", "-"], { scope: world, input: up("198.51.100.1") });
    await run("ip", ["route", "add", "default", "via", "198.51.100.1"], { scope: machine });
    // A firewall as Docker leaves it.
    await run("iptables", ["-P", "FORWARD", "DROP"], { scope: machine });
    await run("iptables", ["-N", "DOCKER-USER"], { scope: machine });
    await run("iptables", ["-A", "FORWARD", "-j", "DOCKER-USER"], { scope: machine });
  });
  after(async () => {
    await driver.close();
    await dropNamespaces(folder);
    await rm(folder, { recursive: true, force: true });
  });

  it("leads pods out under the machine's address, and is put back", { timeout: 60_000 }, async () => {
    const state = async () => [
      await run("iptables-save", ["-t", "filter"], { scope: machine }).then((text) =>
        text.replaceAll(/^#.*\n|\[.*\]/gm, ""),
      ),
      await run("ip", ["-4", "-br", "address"], { scope: machine }),
      await run("ip", ["-4", "route", "show", "table", "all"], { scope: machine }),
      await run("cat", ["/proc/sys/net/ipv4/ip_forward"], { scope: machine }),
      await run("nft", ["list", "tables"], { scope: machine }),
    ];
    const before = await state();
    const args = [
      "--disable-warning=ExperimentalWarning",
      PROGRAM,
      `t-uplink-${process.pid}`,
      join(folder, "cluster"),
      "198.51.100.1",
    ];
    const child = await driver.spawn(machine, process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => void (said += text));
    await once(child, "close");
    assert.match(said, /the pod reached the world\n/);
    assert.match(said, /removed: nothing left\n/);
    assert.deepEqual(await state(), before);
  });
});
