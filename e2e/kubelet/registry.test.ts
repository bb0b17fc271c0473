/** Pulls from a real registry: with credentials of a pod and of the node, by a mirror, and of a layer that is broken. Needs root. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { pod } from "@kubets/api/testing/pod-builder";
import { eventually } from "../cluster.ts";
import { DEMO_IMAGE, whyNot } from "./containerd.ts";
import { NODE, startNode, type TestNode } from "./node.ts";
import { end, inPhase } from "./node-pods.ts";
import { REGISTRY, type Registry, startRegistry, USER, whyNoRegistry } from "./registry.ts";

describe("images from a registry", { skip: whyNot() ?? whyNoRegistry() ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-registry-"));
  let node: TestNode;
  let registry: Registry;

  before(async () => {
    const answer = {
      kind: "CredentialProviderResponse",
      apiVersion: "credentialprovider.kubelet.k8s.io/v1",
      cacheKeyType: "Registry",
      auth: { [REGISTRY]: USER },
    };
    writeFileSync(join(folder, "provider"), `#!/bin/sh\ncat > ${folder}/asked\necho '${JSON.stringify(answer)}'\n`);
    chmodSync(join(folder, "provider"), 0o755);
    const providers = [{ name: "provider", matchImages: [`${REGISTRY}/by-provider`], defaultCacheDuration: "1m" }];
    const config = { kind: "CredentialProviderConfig", apiVersion: "kubelet.config.k8s.io/v1", providers };
    writeFileSync(join(folder, "providers.json"), JSON.stringify(config));
    node = await startNode({
      credentialProviderConfig: join(folder, "providers.json"),
      credentialProviderFolder: folder,
    });
    registry = await startRegistry(node.containerd);
    for (const name of ["own", "by-provider", "mirrored"]) registry.push(DEMO_IMAGE, `${name}/demo:1`);
  });
  after(async () => {
    await registry?.close();
    await node?.close();
    rmSync(folder, { recursive: true });
  });

  const make = (name: string, image: string, secret?: string, imagePullPolicy = "Always") =>
    node.api.createPod(
      pod(name)
        .on(NODE)
        .uid(crypto.randomUUID())
        .container("c", { image, imagePullPolicy, command: ["sleep", "1000"] })
        .spec({ terminationGracePeriodSeconds: 0, ...(secret && { imagePullSecrets: [{ name: secret }] }) })
        .build(),
    );
  const waiting = ({ status }: Pod) => status.containerStatuses?.[0]?.state.waiting;
  const runs = (name: string) => inPhase(node, name, "Running");
  const refused = (name: string) =>
    eventually(`${name} cannot be pulled`, async () => {
      const found = await node.api.pod(name);
      const why = found && waiting(found);
      return why?.reason === "ErrImagePull" && why;
    });

  it("refuses a pod without credentials, and pulls with its secret", async () => {
    await make("without", `${REGISTRY}/own/demo:1`);
    assert.match((await refused("without")).message ?? "", /401 Unauthorized|authorization failed|no basic auth/);
    const auths = { [REGISTRY]: USER };
    await node.api.createSecret({
      metadata: { namespace: "default", name: "pull" },
      type: "kubernetes.io/dockerconfigjson",
      data: { ".dockerconfigjson": Buffer.from(JSON.stringify({ auths })).toString("base64") },
    });
    await make("with", `${REGISTRY}/own/demo:1`, "pull");
    await runs("with");
    const told = await eventually("events", () => node.api.events("with").length >= 4 && node.api.events("with"));
    assert.equal(told[0], `Pulling: Pulling image "${REGISTRY}/own/demo:1"`);
    assert.match(
      told[1] ?? "",
      /^Pulled: Successfully pulled image ".*" in \S+ \(\S+ including waiting\)\. Image size: \d+ bytes\.$/,
    );
    for (const name of ["without", "with"]) await end(node, name);
  });

  it("gives an image that is there by a secret to pods with that secret only, also after a restart", async () => {
    const image = `${REGISTRY}/own/demo:1`;
    await make("knows", image, "pull", "IfNotPresent");
    await runs("knows");
    assert.match(node.api.events("knows")[0] ?? "", /already present on machine and can be accessed by the pod/);
    await node.restart();
    await make("peeks", image, undefined, "IfNotPresent");
    assert.match((await refused("peeks")).message ?? "", /401 Unauthorized|authorization failed|no basic auth/);
    await make("never", image, undefined, "Never");
    const why = await eventually("it is refused", async () => {
      const found = await node.api.pod("never");
      return found && waiting(found)?.reason === "ErrImageNeverPull" && waiting(found);
    });
    assert.match(why.message ?? "", /does not have the proper credentials to access the image/);
    for (const name of ["knows", "peeks", "never"]) await end(node, name);
  });

  it("pulls with what a credential provider hands out", async () => {
    await make("provided", `${REGISTRY}/by-provider/demo:1`);
    await runs("provided");
    await end(node, "provided");
  });

  it("pulls by a mirror", async () => {
    const hosts = join(node.containerd.folder, "registries", "images.example.com");
    mkdirSync(hosts);
    const basic = Buffer.from(`${USER.username}:${USER.password}`).toString("base64");
    writeFileSync(
      join(hosts, "hosts.toml"),
      `[host."http://${REGISTRY}"]\ncapabilities = ["pull", "resolve"]\n[host."http://${REGISTRY}".header]\nauthorization = "Basic ${basic}"\n`,
    );
    await make("mirrored", "images.example.com/mirrored/demo:1");
    await runs("mirrored");
    await end(node, "mirrored");
  });

  it("says of a broken layer what is wrong, and pulls when it is whole", async () => {
    const layer = registry.publish("by-provider/broken", "1");
    const good = readFileSync(layer);
    writeFileSync(layer, Buffer.from(good).fill(0xff, good.length / 2, good.length / 2 + 100));
    await make("broken", `${REGISTRY}/by-provider/broken:1`);
    assert.match((await refused("broken")).message ?? "", /failed size validation|unexpected commit digest/);
    writeFileSync(layer, good);
    await runs("broken");
    await end(node, "broken");
  });
});
