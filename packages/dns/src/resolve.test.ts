/** What the server says of names: a table after the specification, and random clusters against a naive reading of it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as packet from "dns-packet";
import * as fc from "fast-check";
import { ClusterRecords } from "./cluster-records.ts";
import { rcode, type } from "./record.ts";
import { resolve } from "./resolve.ts";
import { Responder } from "./responder.ts";
import { service, slice } from "./testing/objects.ts";

const DOMAIN = "cluster.local";
const options = { ttl: 5, serverAddresses: ["10.96.0.10"], rotation: () => 0 };

function cluster(): ClusterRecords {
  const records = new ClusterRecords("cluster.local.");
  for (const name of ["default", "kube-system", "empty"]) records.putNamespace(name);
  const ports = [
    { name: "http", port: 80, targetPort: 8080, protocol: "TCP" },
    { name: "dns", port: 53, targetPort: 53, protocol: "UDP" },
  ];
  records.putService(
    service("default", "web", { clusterIP: "10.96.0.50", clusterIPs: ["10.96.0.50", "fd00::50"], ports }),
  );
  const db = service("default", "db", {
    clusterIP: "None",
    clusterIPs: ["None"],
    ports: [{ name: "sql", port: 5432, targetPort: 5432 }],
  });
  records.putService(db);
  const endpoints = [
    { addresses: ["10.244.0.2"], conditions: { ready: true }, hostname: "db-0" },
    { addresses: ["10.244.0.3"], conditions: {} },
    { addresses: ["10.244.0.4"], conditions: { ready: false }, hostname: "db-2" },
  ];
  records.putSlice(slice(db, "db-1", endpoints, [{ name: "sql", port: 5432, protocol: "TCP" }]));
  records.putService(service("default", "idle", { clusterIP: "None", clusterIPs: ["None"] }));
  records.putService(service("default", "out", { type: "ExternalName", externalName: "Example.ORG." }));
  records.putService(
    service("default", "alias", { type: "ExternalName", externalName: "web.default.svc.cluster.local" }),
  );
  records.putService(
    service("default", "loop", { type: "ExternalName", externalName: "loop.default.svc.cluster.local" }),
  );
  return records;
}

function ask(responder: Responder, name: string, kind: string, more: object = {}) {
  const query = packet.encode({
    type: "query",
    id: 7,
    flags: packet.RECURSION_DESIRED,
    questions: [{ type: kind, name }],
    ...more,
  });
  const answer = responder.respond(query, "udp");
  assert.ok(answer instanceof Buffer);
  return packet.decode(answer);
}

const plain = ({ name, type: kind, data }: packet.Answer) => {
  const value = data as { target: string; port: number; weight: number } | string | Buffer[];
  if (Array.isArray(value)) return `${name} ${kind} ${value.join("")}`;
  return `${name} ${kind} ${typeof value === "string" ? value : kind === "SRV" && "target" in value ? `${value.weight} ${value.port} ${value.target}` : "-"}`;
};

describe("DNS of the cluster", () => {
  const responder = new Responder({ records: cluster(), isReady: () => true, ...options });
  const web = `web.default.svc.${DOMAIN}`;
  const db = `db.default.svc.${DOMAIN}`;
  const cases: [string, string, string, string[]?][] = [
    [web, "A", "NOERROR", [`${web} A 10.96.0.50`]],
    [web, "AAAA", "NOERROR", [`${web} AAAA fd00::50`]],
    [web, "TXT", "NOERROR", []],
    [`_http._tcp.${web}`, "SRV", "NOERROR", [`_http._tcp.${web} SRV 100 80 ${web}`]],
    [`_dns._udp.${web}`, "SRV", "NOERROR", [`_dns._udp.${web} SRV 100 53 ${web}`]],
    [`_http._tcp.${web}`, "A", "NOERROR", []],
    [`_http._udp.${web}`, "SRV", "NXDOMAIN"],
    [web, "SRV", "NOERROR", [`${web} SRV 100 80 ${web}`, `${web} SRV 100 53 ${web}`]],
    ["50.0.96.10.in-addr.arpa", "PTR", "NOERROR", [`50.0.96.10.in-addr.arpa PTR ${web}`]],
    [db, "A", "NOERROR", [`${db} A 10.244.0.2`, `${db} A 10.244.0.3`]],
    [db, "AAAA", "NOERROR", []],
    [`db-0.${db}`, "A", "NOERROR", [`db-0.${db} A 10.244.0.2`]],
    [`10-244-0-3.${db}`, "A", "NOERROR", [`10-244-0-3.${db} A 10.244.0.3`]],
    [`db-2.${db}`, "A", "NXDOMAIN"],
    [
      `_sql._tcp.${db}`,
      "SRV",
      "NOERROR",
      [`_sql._tcp.${db} SRV 50 5432 db-0.${db}`, `_sql._tcp.${db} SRV 50 5432 10-244-0-3.${db}`],
    ],
    ["2.0.244.10.in-addr.arpa", "PTR", "NOERROR", [`2.0.244.10.in-addr.arpa PTR db-0.${db}`]],
    [`idle.default.svc.${DOMAIN}`, "A", "NXDOMAIN"],
    [`out.default.svc.${DOMAIN}`, "A", "NOERROR", [`out.default.svc.${DOMAIN} CNAME example.org`]],
    [`out.default.svc.${DOMAIN}`, "CNAME", "NOERROR", [`out.default.svc.${DOMAIN} CNAME example.org`]],
    [
      `alias.default.svc.${DOMAIN}`,
      "A",
      "NOERROR",
      [`alias.default.svc.${DOMAIN} CNAME ${web}`, `${web} A 10.96.0.50`],
    ],
    [`1-2-3-4.default.pod.${DOMAIN}`, "A", "NOERROR", [`1-2-3-4.default.pod.${DOMAIN} A 1.2.3.4`]],
    [`fd00--9.default.pod.${DOMAIN}`, "AAAA", "NOERROR", [`fd00--9.default.pod.${DOMAIN} AAAA fd00::9`]],
    [`1-2-3-4.nowhere.pod.${DOMAIN}`, "A", "NXDOMAIN"],
    [`web.default.pod.${DOMAIN}`, "A", "NXDOMAIN"],
    [`empty.svc.${DOMAIN}`, "A", "NOERROR", []],
    [`nowhere.svc.${DOMAIN}`, "A", "NXDOMAIN"],
    [`x.empty.svc.${DOMAIN}`, "A", "NXDOMAIN"],
    [`svc.${DOMAIN}`, "A", "NOERROR", []],
    [`www.example.org.default.svc.${DOMAIN}`, "A", "NXDOMAIN"],
    [`www.example.org.${DOMAIN}`, "A", "NXDOMAIN"],
    [DOMAIN, "NS", "NOERROR", [`${DOMAIN} NS ns.dns.${DOMAIN}`]],
    [DOMAIN, "SOA", "NOERROR", [`${DOMAIN} SOA -`]],
    [`ns.dns.${DOMAIN}`, "A", "NOERROR", [`ns.dns.${DOMAIN} A 10.96.0.10`]],
    [`dns-version.${DOMAIN}`, "TXT", "NOERROR", [`dns-version.${DOMAIN} TXT 1.1.0`]],
    ["example.org", "A", "NXDOMAIN"],
    ["9.9.9.9.in-addr.arpa", "PTR", "NXDOMAIN"],
  ];
  for (const [name, kind, code, answers = []] of cases)
    it(`${kind} ${name}: ${code} ${answers.length}`, () => {
      const got = ask(responder, name, kind);
      assert.equal(got.rcode, code);
      assert.deepEqual((got.answers ?? []).map(plain), answers);
      assert.equal(got.id, 7);
      const isOurs = name.endsWith(DOMAIN);
      assert.equal(got.flag_aa, isOurs || code === "NOERROR");
      if (answers.length === 0)
        assert.deepEqual(
          got.authorities?.map((each) => each.name),
          isOurs ? [DOMAIN] : [],
        );
      for (const answer of got.answers ?? []) assert.equal(answer.ttl, 5);
    });

  it("does not mind capital letters, and gives them back", () => {
    const got = ask(responder, `WEB.Default.svc.${DOMAIN}`, "A");
    assert.deepEqual(got.answers?.map(plain), [`WEB.Default.svc.${DOMAIN} A 10.96.0.50`]);
  });

  it("adds the addresses of the servers that it names", () => {
    const got = ask(responder, `_http._tcp.${web}`, "SRV");
    assert.deepEqual(got.additionals?.map(plain), [`${web} A 10.96.0.50`, `${web} AAAA fd00::50`]);
  });

  it("ends where aliases go in a circle", () => {
    assert.ok((ask(responder, `loop.default.svc.${DOMAIN}`, "A").answers?.length ?? 0) < 20);
  });

  it("knows EDNS, and cuts what does not fit with a word about it", () => {
    const records = new ClusterRecords(DOMAIN);
    const many = service("default", "many", { clusterIP: "None", clusterIPs: ["None"] });
    records.putService(many);
    const endpoints = Array.from({ length: 60 }, (_, i) => ({ addresses: [`10.1.0.${i + 1}`], conditions: {} }));
    records.putSlice(slice(many, "many-1", endpoints, []));
    const big = new Responder({ records, isReady: () => true, ...options });
    const name = `many.default.svc.${DOMAIN}`;
    const small = ask(big, name, "A");
    assert.equal(small.flag_tc, true);
    assert.equal(small.answers?.length, 29);
    const opt = {
      type: "OPT",
      name: ".",
      udpPayloadSize: 4096,
      extendedRcode: 0,
      ednsVersion: 0,
      flags: 0,
      flag_do: false,
      options: [],
    };
    const large = ask(big, name, "A", { additionals: [opt] });
    assert.equal(large.flag_tc, false);
    assert.equal(large.answers?.length, 60);
    assert.equal(large.additionals?.[0]?.type, "OPT");
  });

  it("answers what is no good question with the error that it deserves", () => {
    const code = (message: Buffer) => {
      const answer = responder.respond(message, "udp");
      return answer instanceof Buffer ? (answer[3] as number) & 0xf : undefined;
    };
    const good = packet.encode({ type: "query", id: 1, questions: [{ type: "A", name: web }] });
    const changed = (at: number, value: number) => {
      const copy = Buffer.from(good);
      copy[at] = value;
      return copy;
    };
    assert.equal(code(good), rcode.noError);
    assert.equal(code(good.subarray(0, 11)), undefined);
    assert.equal(code(changed(2, 0x80)), undefined);
    assert.equal(code(changed(2, 0x20)), rcode.notImp);
    assert.equal(code(changed(5, 2)), rcode.formErr);
    assert.equal(code(good.subarray(0, 20)), rcode.formErr);
    assert.equal(code(changed(12, 0xff)), rcode.formErr);
    assert.equal(code(changed(good.length - 1, 3)), rcode.refused);
  });

  it("never throws, whatever comes", () => {
    const start = packet.encode({ type: "query", id: 1, questions: [{ type: "A", name: web }] });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(start.length), (bytes, keep) => {
        responder.respond(Buffer.concat([start.subarray(0, keep), bytes]), "udp");
      }),
      { numRuns: 2000 },
    );
  });

  it("says nothing of names before it knows all of them", () => {
    const early = new Responder({ records: cluster(), isReady: () => false, ...options });
    assert.equal(ask(early, web, "A").rcode, "SERVFAIL");
  });
});

/** What a person would answer who reads all objects for each question; addresses of services only. */
function naive(
  services: ReturnType<typeof service>[],
  slices: ReturnType<typeof slice>[],
  name: string,
): string[] | undefined {
  const labels = name.split(".");
  const [namespace] = labels.slice(-2);
  const of = services.find(({ metadata }) => metadata.namespace === namespace && metadata.name === labels.at(-3));
  if (!of) return undefined;
  if (of.spec.clusterIP !== "None") return labels.length === 3 ? [of.spec.clusterIP as string] : undefined;
  const found = slices
    .filter(
      ({ metadata }) =>
        metadata.namespace === namespace && metadata.labels?.["kubernetes.io/service-name"] === of.metadata.name,
    )
    .flatMap(({ endpoints }) => endpoints)
    .filter(({ conditions }) => conditions.ready !== false)
    .filter(
      ({ hostname, addresses: [ip = ""] }) =>
        labels.length === 3 || (hostname || ip.replaceAll(".", "-")) === labels[0],
    )
    .map(({ addresses }) => addresses[0] as string);
  return found.length > 0 ? [...new Set(found)].sort() : undefined;
}

describe("DNS of a changing cluster", () => {
  const names = ["a", "b"];
  const endpoint = fc
    .record({
      last: fc.constantFrom("1", "2", "3"),
      hostname: fc.constantFrom("", "h0", "h1"),
      ready: fc.constantFrom(true, false, undefined),
    })
    .map(({ last, hostname, ready }) => ({
      addresses: [`10.1.0.${last}`],
      conditions: { ready },
      ...(hostname && { hostname }),
    }));
  const step = fc.record({
    what: fc.constantFrom("service", "slice", "slice", "no service", "no slice"),
    namespace: fc.constantFrom("n", "m"),
    name: fc.constantFrom(...names),
    part: fc.constantFrom("1", "2"),
    clusterIP: fc.constantFrom("10.96.0.1", "10.96.0.2", "None", "None"),
    endpoints: fc.array(endpoint, { maxLength: 3 }),
  });

  it("agrees with a naive reading", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const records = new ClusterRecords(DOMAIN);
        const services = new Map<string, ReturnType<typeof service>>();
        const slices = new Map<string, ReturnType<typeof slice>>();
        for (const { what, namespace, name, part, clusterIP, endpoints } of steps) {
          const of = service(namespace, name, { clusterIP, clusterIPs: [clusterIP] });
          const its = slice(of, `${name}-${part}`, endpoints, []);
          const key = `${namespace}/${name}`;
          if (what === "service") {
            services.set(key, of);
            records.putService(of);
          } else if (what === "slice") {
            slices.set(`${key}-${part}`, its);
            records.putSlice(its);
          } else if (what === "no service" && services.delete(key)) records.removeService(of);
          else if (what === "no slice" && slices.delete(`${key}-${part}`)) records.removeSlice(its);
          for (const first of ["", "h0.", "10-1-0-2."])
            for (const asked of names.map((each) => `${first}${each}.n.svc`)) {
              const got = resolve(records, { name: `${asked}.${DOMAIN}`, type: type.A, class: 1 }, options)?.answer;
              const ips = got?.answers.map(({ data }) => ("address" in data ? data.address.join(".") : ""));
              const wanted = naive([...services.values()], [...slices.values()], asked);
              assert.deepEqual(got?.rcode === rcode.nxDomain ? undefined : ips?.sort(), wanted, asked);
            }
        }
      }),
      { numRuns: 150 },
    );
  });
});
