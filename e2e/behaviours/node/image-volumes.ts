/** Images as volumes. They come from a registry of files that a pod serves on its node, whom the runtime of that node finds at the loopback address. */
import assert from "node:assert/strict";
import { configmaps } from "@kubets/api/generated/refs";
import { digestOf, filesParts, MANIFEST_TYPE, manifestOf } from "../../kubelet/images.ts";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { createPod, scriptPod } from "../output.ts";

const PORT = 5959;
const IMAGE = `127.0.0.1:${PORT}/data:v1.manifest`;
const FILES = { "dir/file": "1\n", file: "2\n" };

/** Gives the node that the registry is on. */
async function serveImage(t: BehaviourContext): Promise<string> {
  const parts = filesParts(FILES);
  const manifest = manifestOf(parts);
  const blobs = { layer: parts.layers[0] as Buffer, config: parts.config };
  // The server tells what a file is by the end of its name.
  const settings = Buffer.from(`.manifest:${MANIFEST_TYPE}\n`);
  const binaryData = Object.entries({ ...blobs, manifest, settings }).map(([key, content]) => [
    key,
    content.toString("base64"),
  ]);
  await t.client.create(configmaps, {
    metadata: { namespace: t.namespace, name: "registry" },
    binaryData: Object.fromEntries(binaryData),
  });
  const items = [
    { key: "settings", path: "settings" },
    { key: "manifest", path: "www/v2/data/manifests/v1.manifest" },
    { key: "manifest", path: `www/v2/data/manifests/sha256:${digestOf(manifest)}` },
    ...Object.entries(blobs).map(([key, blob]) => ({ key, path: `www/v2/data/blobs/sha256:${digestOf(blob)}` })),
  ];
  await createPod(
    t,
    scriptPod("registry", {
      script: `exec httpd -f -p 127.0.0.1:${PORT} -h /registry/www -c /registry/settings`,
      container: {
        ports: [{ containerPort: PORT }],
        volumeMounts: [{ name: "files", mountPath: "/registry" }],
        readinessProbe: {
          exec: { command: ["wget", "-q", "-O", "-", `http://127.0.0.1:${PORT}/v2/data/manifests/v1.manifest`] },
        },
      },
      spec: { hostNetwork: true, volumes: [{ name: "files", configMap: { name: "registry", items } }] },
    }),
  );
  return (await t.podReady("registry")).spec.nodeName ?? "";
}

behaviour(
  "[sig-node] ImageVolume should succeed with pod and pull policy of Always [LinuxOnly] [MinimumKubeletVersion:1.35] [Conformance]",
  { on: "containers" },
  async (t) => {
    const nodeName = await serveImage(t);
    // What the first one brought is there for the second, which pulls nevertheless.
    for (const name of ["first", "second"]) {
      await createPod(
        t,
        scriptPod(name, {
          script: "sleep 100",
          container: { volumeMounts: [{ name: "image", mountPath: "/volume" }] },
          spec: { nodeName, volumes: [{ name: "image", image: { reference: IMAGE, pullPolicy: "Always" } }] },
        }),
      );
      await t.podReady(name);
      assert.equal(await t.exec(name, ["cat", "/volume/dir/file", "/volume/file"]), "1\n2\n");
      await assert.rejects(t.exec(name, ["sh", "-c", "echo x > /volume/file"]), /Read-only file system/);
      const pulled = `Successfully pulled image "${IMAGE}"`;
      await t.eventually(`${name} to be told of its pull`, async () =>
        (await t.kubectl(["events", "--for", `pod/${name}`])).includes(pulled),
      );
    }
  },
);
