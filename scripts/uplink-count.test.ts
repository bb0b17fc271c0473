/** The counter on the uplink, in a network namespace of its own, beside a cluster that is there already: it sees what leaves, and its table goes again. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { it } from "node:test";

const canTry = process.getuid?.() === 0 && spawnSync("sh", ["-c", "command -v nft && command -v unshare"]).status === 0;

it("counts what leaves for a cluster's address, and nothing else; no table stays, of this run or of one that was killed", {
  skip: canTry ? false : "not root, or no nft",
}, () => {
  const script = `
    nft add table inet kubets_count_999999999
    ip link set lo up; ip link add uplink type veth peer name far; ip link set far up
    ip address add 192.0.2.1/24 dev uplink; ip link set uplink up
    ip route add default via 192.0.2.2; ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev uplink
    ip route add unreachable 10.90.0.0/24 metric 4096
    "$0" --disable-warning=ExperimentalWarning --input-type=module -e '
      import { createSocket } from "node:dgram";
      const { countUplink } = await import(process.argv[1]);
      const socket = createSocket("udp4");
      const send = (host) => new Promise((done) => socket.send("x", 9, host, done));
      const one = countUplink();
      await send("203.0.113.9");
      const nothing = one.end().packets;
      const two = countUplink();
      await send("10.244.3.4");
      await send("10.96.0.10");
      await send("10.90.1.1");
      console.log(nothing, two.end().packets);
      socket.close();
      countUplink();
    ' "$1"; nft list tables`;
  const args = ["--net", "sh", "-c", script, process.execPath, join(import.meta.dirname, "uplink-count.ts")];
  assert.equal(execFileSync("unshare", args, { encoding: "utf8" }), "0 3\n");
});
