import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { fixture } from "../../testing/plugin-fixture.ts";
import { nodePorts } from "./plugin.ts";

const TAKEN = "node(s) didn't have free ports for the requested pod ports";

test("a port is taken once for each address", () => {
  const { refusals } = fixture(
    nodePorts,
    {},
    node("n1").build(),
    pod("x").on("n1").hostPort(80, "TCP", "10.0.0.1").build(),
  );
  const cases: [number, string, string | undefined, string][] = [
    [80, "TCP", "10.0.0.1", TAKEN],
    [80, "TCP", "10.0.0.2", ""],
    [80, "TCP", undefined, TAKEN],
    [80, "UDP", undefined, ""],
    [81, "TCP", "10.0.0.1", ""],
  ];
  for (const [port, protocol, ip, refusal] of cases)
    assert.deepEqual(
      refusals(pod("a").hostPort(port, protocol, ip).build()),
      { n1: refusal },
      `${protocol} ${ip}:${port}`,
    );
  assert.deepEqual(refusals(pod("a").build()), { n1: "" });
});
