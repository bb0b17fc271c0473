/** What is written to ingresses, and told of them. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ingresses, services } from "@kubets/api/generated/refs";
import { type EventRecorder, runControllers, SharedInformers } from "@kubets/client";
import { realClock, realRandom, silentLogger } from "@kubets/machinery";
import { statusController } from "./status-controller.ts";
import { Fixture } from "./testing/fixture.ts";

const PUBLISHED = { namespace: "kube-system", name: "front" };

describe("status and events of ingresses", () => {
  const fixture = new Fixture();
  const told: string[] = [];
  const events: EventRecorder = {
    event: (about, type, reason, message) => {
      const { name } = "metadata" in about ? about.metadata : about;
      told.push(`${name} ${type} ${reason} ${message}`);
    },
    as: () => events,
  };
  before(async () => {
    await fixture.start();
    const { client } = fixture;
    const parts = { client, clock: realClock, random: realRandom, log: silentLogger, signal: fixture.stop.signal };
    const options = { following: fixture.running.following, addresses: [], publishService: "kube-system/front" };
    await client.create(services, { metadata: PUBLISHED, spec: { clusterIP: "10.0.0.9", ports: [] } });
    await runControllers([statusController(options)], { ...parts, cache: new SharedInformers(parts), events }).started;
  });
  after(() => fixture.end());

  const addresses = async (name: string) =>
    (await fixture.client.get(ingresses, { namespace: "default", name })).status.loadBalancer.ingress;
  const eventually = async (name: string, expected: string) => {
    for (let i = 0; i < 2000 && JSON.stringify(await addresses(name)) !== expected; i++)
      await new Promise((done) => setTimeout(done, 1));
    assert.equal(JSON.stringify(await addresses(name)), expected);
  };

  it("says where an ingress is reached, and follows the service", async () => {
    await fixture.ingress({ name: "one" });
    await eventually("one", '[{"ip":"10.0.0.9"}]');
    const loadBalancer = { ingress: [{ hostname: "lb.test" }] };
    await fixture.client.patch(services, PUBLISHED, { type: "merge", body: { status: { loadBalancer } } });
    await eventually("one", '[{"hostname":"lb.test"}]');
  });

  it("tells each problem once, and again only when it changes", async () => {
    const tls = [{ hosts: ["a.test"], secretName: "none" }];
    await fixture.ingress({
      name: "two",
      host: "a.test",
      tls,
      annotations: { "no-such": "1", "auth-type": "basic", "auth-secret": "users" },
    });
    await fixture.until(() => told.filter((line) => line.startsWith("two ")).length >= 5);
    await eventually("two", '[{"hostname":"lb.test"}]');
    const about = () =>
      told.filter((line) => line.startsWith("two ")).map((line) => line.split(" ").slice(1, 3).join(" "));
    const expected = [
      "Normal Sync",
      "Warning AuthSecretNotFound",
      "Warning InvalidCertificate",
      "Warning ServiceNotFound",
      "Warning UnknownAnnotation",
    ];
    assert.deepEqual(about().sort(), expected);
    await fixture.secret("users", { auth: "a:{PLAIN}b" });
    await fixture.service("web", [1]);
    await fixture.secret("none", { "tls.crt": "x" }, "kubernetes.io/tls");
    await fixture.until(() => about().length > expected.length);
    assert.deepEqual(about().slice(expected.length), ["Warning InvalidCertificate"]);
  });

  it("leaves those of others alone", async () => {
    await fixture.client.create(ingresses, {
      metadata: { namespace: "default", name: "foreign" },
      spec: { ingressClassName: "other", defaultBackend: { service: { name: "web", port: { number: 80 } } } },
      status: { loadBalancer: {} },
    } as never);
    await fixture.ingress({ name: "three" });
    await eventually("three", '[{"hostname":"lb.test"}]');
    assert.equal(await addresses("foreign"), undefined);
    assert.ok(!told.some((line) => line.startsWith("foreign ")));
  });
});
