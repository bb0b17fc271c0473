import assert from "node:assert/strict";
import { it } from "node:test";
import { nodeResolver } from "./resolver.ts";

it("a node's resolv.conf leaves out servers that only the host reaches", () => {
  const text = "# a comment\nnameserver 127.0.0.53\nnameserver 192.0.2.1\nnameserver ::1\nsearch lan\noptions edns0\n";
  assert.equal(nodeResolver(text), "nameserver 192.0.2.1\nsearch lan\noptions edns0\n");
});
