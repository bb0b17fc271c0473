/** Which runtimes mount images themselves, and views of images over the socket of one that does not. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ImageService, RuntimeService } from "@kubets/wire/generated/cri";
import { GrpcError, grpcServer, serve } from "@kubets/wire/grpc";
import { isRuntimeError } from "../runtime.ts";
import { canMountImages, Snapshots } from "./image-views.ts";
import { criRuntime } from "./runtime.ts";

test("containers are given images as mounts by containerd 2.1 and later, and by others", () => {
  const cases: [name: string, version: string, can: boolean][] = [
    ["containerd", "1.6.20~ds1", false],
    ["containerd", "v1.7.27", false],
    ["containerd", "2.0.5", false],
    ["containerd", "v2.1.0-rc.1", true],
    ["containerd", "2.10.0", true],
    ["containerd", "10.0.0", true],
    ["cri-o", "1.36.0", true],
  ];
  for (const [name, version, can] of cases) assert.equal(canMountImages({ name, version }), can, `${name} ${version}`);
});

interface View {
  readonly parent: string;
  readonly labels: Readonly<Record<string, string>>;
}

test("a view is made once, of the image's layers, where images are unpacked, and is kept until it is removed", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "views-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const endpoint = `unix://${join(folder, "c.sock")}`;
  const views = new Map<string, View>();
  const nameOf = (of: { snapshotter: string; key: string }, metadata: (name: string) => string | undefined) =>
    `${metadata("containerd-namespace")} ${of.snapshotter} ${of.key}`;
  const mounts = [{ type: "overlay", source: "overlay", options: ["lowerdir=/s/2/fs:/s/1/fs"] }];
  const unlessThere = (name: string) => {
    if (!views.has(name)) throw new GrpcError("NOT_FOUND", `snapshot ${name} does not exist: not found`);
  };
  const server = await grpcServer({
    listen: endpoint,
    services: [
      serve(RuntimeService, {
        status: () => ({ info: { config: JSON.stringify({ containerd: { snapshotter: "native" } }) } }),
        version: () => ({ runtimeName: "containerd", runtimeVersion: "1.6.20~ds1" }),
      }),
      serve(ImageService, {
        imageStatus: ({ image, verbose }) =>
          verbose && image?.image === "sha256:1" ? { info: { info: JSON.stringify({ chainID: "sha256:2" }) } } : {},
      }),
      serve(Snapshots, {
        view: ({ parent, labels, ...place }, { metadata }) => {
          const name = nameOf(place, metadata);
          if (views.has(name)) throw new GrpcError("ALREADY_EXISTS", `snapshot ${name}: already exists`);
          views.set(name, { parent, labels });
          return { mounts };
        },
        mounts: (place, { metadata }) => {
          unlessThere(nameOf(place, metadata));
          return { mounts };
        },
        remove: (place, { metadata }) => {
          unlessThere(nameOf(place, metadata));
          views.delete(nameOf(place, metadata));
          return {};
        },
      }),
    ],
  });
  t.after(() => server.close(0));
  const runtime = criRuntime({ endpoint });
  t.after(() => runtime.close());

  assert.equal(await runtime.mountsImages(), false);
  for (let again = 0; again < 2; again++) assert.deepEqual(await runtime.viewImage("mine", "sha256:1"), mounts);
  const view = { parent: "sha256:2", labels: { "containerd.io/gc.root": "kubets" } };
  assert.deepEqual([...views], [["k8s.io native mine", view]]);
  await assert.rejects(runtime.viewImage("other", "sha256:9"), (error) => isRuntimeError(error, "NotFound"));
  for (let again = 0; again < 2; again++) await runtime.removeView("mine");
  assert.equal(views.size, 0);
});
