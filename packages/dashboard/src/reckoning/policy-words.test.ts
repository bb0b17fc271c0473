import assert from "node:assert/strict";
import { test } from "node:test";
import { policyWords } from "./policy-words.ts";

test("a policy in words", () => {
  const words = policyWords({
    podSelector: { matchLabels: { app: "web" } },
    policyTypes: ["Ingress", "Egress"],
    ingress: [
      {},
      {
        from: [
          { podSelector: { matchLabels: { app: "front" } } },
          { namespaceSelector: { matchLabels: { team: "a" } } },
          { namespaceSelector: {}, podSelector: { matchLabels: { role: "probe" } } },
          { ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } },
        ],
        ports: [{ port: 80 }, { protocol: "UDP", port: 1000, endPort: 2000 }],
      },
    ],
  });
  assert.deepEqual(words, {
    pods: "pods with app=web",
    ingress: [
      "from anywhere, any port",
      "from pods with app=front of this namespace or all pods of namespaces with team=a or pods with role=probe of all namespaces or 10.0.0.0/8 without 10.1.0.0/16, ports 80/TCP, 1000-2000/UDP",
    ],
    egress: [],
  });
});

test("what a policy does not speak of it leaves alone", () => {
  assert.deepEqual(policyWords({ podSelector: {} }), { pods: "all pods", ingress: [] });
});
