import assert from "node:assert/strict";
import { test } from "node:test";
import type { PolicyPod } from "@kubets/network/policy/policy-pod";
import { verdictText } from "./net.ts";

const pod = (key: string): PolicyPod => ({
  key,
  namespace: "shop",
  labels: {},
  nodeName: "n",
  ips: [],
  namedPorts: [],
});
const connection = {
  from: { ip: "10.0.0.1", pod: pod("shop/web") },
  to: { ip: "10.0.0.2", pod: pod("shop/db") },
  protocol: "tcp",
  port: 5432,
};

test("says for each end which policies restrict it, and which let it through", () => {
  const egress = { allowed: true, selecting: ["shop/a", "shop/b"], allowing: ["shop/b"] };
  const ingress = { allowed: false, selecting: ["shop/c"], allowing: [] };
  assert.equal(
    verdictText(connection, { allowed: false, egress, ingress }),
    `shop/web (10.0.0.1) -> shop/db (10.0.0.2) TCP 5432: does not pass
  out of shop/web: let through by policy shop/b
  into shop/db: restricted by policy shop/c, which does not let it through
`,
  );
});

test("says who is concerned by no policy", () => {
  assert.equal(
    verdictText({ ...connection, from: { ip: "192.0.2.1" } }, { allowed: true }),
    `192.0.2.1 -> shop/db (10.0.0.2) TCP 5432: passes
  out of 192.0.2.1: no pod of the pod network, so policies do not concern it
  into shop/db: no policy restricts it
`,
  );
});
