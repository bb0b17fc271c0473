import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { customNames } from "./custom-names.ts";
import { type } from "./record.ts";

describe("names of the ConfigMap kube-dns", () => {
  it("are stub domains with the longest first, servers and hosts", () => {
    const { stubs, upstreams, hosts, problems } = customNames({
      stubDomains: `{"acme.local": ["192.0.2.53"], "Deep.acme.local.": ["[2001:db8::53]:5353", "192.0.2.54:54"]}`,
      upstreamNameservers: `["192.0.2.1"]`,
      hosts: "192.0.2.80 www.test www2.test. # two\n\n2001:db8::80 WWW.test\n",
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(stubs, [
      {
        domain: "deep.acme.local",
        servers: [
          { host: "2001:db8::53", port: 5353 },
          { host: "192.0.2.54", port: 54 },
        ],
      },
      { domain: "acme.local", servers: [{ host: "192.0.2.53", port: 53 }] },
    ]);
    assert.deepEqual(upstreams, [{ host: "192.0.2.1", port: 53 }]);
    assert.deepEqual(
      hosts.get("www.test")?.map(({ type: kind }) => kind),
      [type.A, type.AAAA],
    );
    assert.deepEqual(hosts.get("80.2.0.192.in-addr.arpa"), [{ type: type.PTR, target: "www.test" }]);
    assert.ok(hosts.has("www2.test"));
  });

  it("hold as far as they can be read", () => {
    const { stubs, upstreams, hosts, problems } = customNames({
      stubDomains: `{"acme.local": ["here"]}`,
      upstreamNameservers: "{",
      hosts: "nowhere www.test\n192.0.2.80\n192.0.2.81 good.test",
    });
    assert.deepEqual([stubs, upstreams, [...hosts.keys()]], [[], undefined, ["good.test", "81.2.0.192.in-addr.arpa"]]);
    assert.equal(problems.length, 4);
    assert.match(problems.join(), /stubDomains: "here" is no address of a server/);
  });
});
