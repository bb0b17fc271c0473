import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { attachLines, controlPlaneLines, nodeLines, peerLines, uplinkHostRules } from "./commands.ts";
import { planNetwork } from "./plan.ts";

const plan = planNetwork({}, []);

describe("the lines for a cluster's network", () => {
  it("make pods and services unreachable where no more exact way is known", () => {
    assert.deepEqual(
      controlPlaneLines(plan).filter((line) => line.includes("unreachable")),
      ["10.244.0.0/16", "10.96.0.0/16", "10.90.0.0/24"].map((range) => `route add unreachable ${range} metric 4096`),
    );
  });

  it("give a node no default route without an uplink", () => {
    const defaults = (uplink: boolean) => nodeLines(plan, 1, uplink).filter((line) => line.includes("default"));
    assert.deepEqual([defaults(false), defaults(true)], [[], ["route add default via 10.89.0.1 dev eth0"]]);
  });

  it("lead to another node's pods through its address", () => {
    assert.deepEqual(peerLines(plan, 2), ["route replace 10.244.2.0/24 via 10.89.0.3 dev eth0"]);
    assert.ok(attachLines(plan, 2, "/ns/net").includes("route replace 10.244.2.0/24 via 10.89.0.3 dev kubets0"));
  });

  it("let nothing in through the uplink that was not asked for", () => {
    assert.match(
      uplinkHostRules(plan, "kubets_dev", "kubets-1"),
      /oifname "kubets-1" ct state established,related accept\s+oifname "kubets-1" drop/,
    );
  });

  it("do for both families what they do for one", () => {
    const both = planNetwork({ dualStack: true }, []);
    const of = (lines: string[]) => lines.filter((line) => line.includes("fd00:"));
    assert.deepEqual(of(controlPlaneLines(both)), [
      "address add fd00:10:89::1/64 dev kubets0 nodad",
      "route add unreachable fd00:10:244::/56 metric 4096",
      "route add unreachable fd00:10:96::/112 metric 4096",
      "route add unreachable fd00:10:90::/120 metric 4096",
    ]);
    assert.deepEqual(of(nodeLines(both, 1, true)), [
      "address add fd00:10:89::2/64 dev eth0 nodad",
      "route add unreachable fd00:10:244::/56 metric 4096",
      "route add fd00:10:96::/112 dev kubets-svc src fd00:10:89::2",
      "route add fd00:10:90::/120 dev kubets-svc src fd00:10:89::2",
    ]);
    assert.deepEqual(of(peerLines(both, 2)), ["route replace fd00:10:244:2::/64 via fd00:10:89::3 dev eth0"]);
  });
});
