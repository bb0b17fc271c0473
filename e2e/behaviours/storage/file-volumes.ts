/** ConfigMaps and Secrets as files: contents, modes, owners, paths of one's own, changes that are seen. */
import assert from "node:assert/strict";
import { configmaps, secrets } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { container } from "../objects.ts";
import { createPod, linesOf, untilSaid } from "../output.ts";

type Kind = "configMap" | "secret";
const base64 = (text: string) => Buffer.from(text).toString("base64");

async function make({ client, namespace }: BehaviourContext, kind: Kind, name: string, data: Record<string, string>) {
  if (kind === "configMap") await client.create(configmaps, { metadata: { namespace, name }, data });
  else await client.create(secrets, { metadata: { namespace, name }, stringData: data });
}

/** The volume's source, straight or as a part of a projected one. */
function source(kind: Kind, name: string, projected: boolean, more: object = {}, defaultMode?: number): object {
  const mode = defaultMode === undefined ? {} : { defaultMode };
  if (projected) return { projected: { sources: [{ [kind]: { name, ...more } }], ...mode } };
  return kind === "configMap"
    ? { configMap: { name, ...more, ...mode } }
    : { secret: { secretName: name, ...more, ...mode } };
}

interface Case {
  readonly kind: Kind;
  readonly projected?: boolean;
  /** Mounted under a path of its own. */
  readonly mapped?: boolean;
  readonly itemMode?: number;
  readonly defaultMode?: number;
  readonly user?: number;
  readonly fsGroup?: number;
  readonly shown: string;
}

const NODE = "[NodeConformance] [Conformance]";
const LINUX = "[LinuxOnly] [NodeConformance] [Conformance]";
const PLAIN = "-rw-r--r--";

const CASES: Readonly<Record<string, Case>> = {
  [`ConfigMap should be consumable from pods in volume ${NODE}`]: { kind: "configMap", shown: PLAIN },
  [`ConfigMap should be consumable from pods in volume as non-root ${NODE}`]: {
    kind: "configMap",
    user: 1000,
    shown: PLAIN,
  },
  [`ConfigMap should be consumable from pods in volume with mappings ${NODE}`]: {
    kind: "configMap",
    mapped: true,
    shown: PLAIN,
  },
  [`ConfigMap should be consumable from pods in volume with mappings as non-root ${NODE}`]: {
    kind: "configMap",
    mapped: true,
    user: 1000,
    shown: PLAIN,
  },
  [`Projected configMap should be consumable from pods in volume ${NODE}`]: {
    kind: "configMap",
    projected: true,
    shown: PLAIN,
  },
  [`Projected configMap should be consumable from pods in volume as non-root ${NODE}`]: {
    kind: "configMap",
    projected: true,
    user: 1000,
    shown: PLAIN,
  },
  [`Projected configMap should be consumable from pods in volume with mappings and Item mode set ${LINUX}`]: {
    kind: "configMap",
    projected: true,
    mapped: true,
    itemMode: 0o400,
    shown: "-r--------",
  },
  [`Projected configMap should be consumable from pods in volume with mappings as non-root ${NODE}`]: {
    kind: "configMap",
    projected: true,
    mapped: true,
    user: 1000,
    shown: PLAIN,
  },
  [`Projected secret should be consumable from pods in volume ${NODE}`]: {
    kind: "secret",
    projected: true,
    shown: PLAIN,
  },
  [`Projected secret should be consumable from pods in volume as non-root with defaultMode and fsGroup set ${LINUX}`]: {
    kind: "secret",
    projected: true,
    defaultMode: 0o440,
    user: 1000,
    fsGroup: 1001,
    shown: "-r--r-----",
  },
  [`Projected secret should be consumable from pods in volume with mappings ${NODE}`]: {
    kind: "secret",
    projected: true,
    mapped: true,
    shown: PLAIN,
  },
  [`Secrets should be consumable from pods in volume ${NODE}`]: { kind: "secret", shown: PLAIN },
  [`Secrets should be consumable from pods in volume as non-root with defaultMode and fsGroup set ${LINUX}`]: {
    kind: "secret",
    defaultMode: 0o440,
    user: 1000,
    fsGroup: 1001,
    shown: "-r--r-----",
  },
  [`Secrets should be consumable from pods in volume with defaultMode set ${LINUX}`]: {
    kind: "secret",
    defaultMode: 0o400,
    shown: "-r--------",
  },
  [`Secrets should be consumable from pods in volume with mappings and Item Mode set ${LINUX}`]: {
    kind: "secret",
    mapped: true,
    itemMode: 0o400,
    shown: "-r--------",
  },
};

for (const [words, one] of Object.entries(CASES))
  behaviour(`[sig-storage] ${words}`, { on: "containers" }, async (t) => {
    const { kind, projected = false, mapped, itemMode, defaultMode, user, fsGroup, shown } = one;
    await make(t, kind, "it", { "data-1": "value-1", "data-2": "value-2" });
    const path = mapped ? "path/to/data-1" : "data-1";
    const items = mapped ? { items: [{ key: "data-1", path, ...(itemMode && { mode: itemMode }) }] } : {};
    const lines = await linesOf(t, {
      script: `cat /v/${path} && echo && stat -L -c %A /v/${path} && id -u && ls /v`,
      container: { volumeMounts: [{ name: "v", mountPath: "/v", readOnly: true }] },
      spec: {
        volumes: [{ name: "v", ...source(kind, "it", projected, items, defaultMode) }],
        securityContext: { ...(user && { runAsUser: user }), ...(fsGroup && { fsGroup }) },
      },
    });
    assert.deepEqual(lines, ["value-1", shown, String(user ?? 0), ...(mapped ? ["path"] : ["data-1", "data-2"])]);
  });

behaviour(
  "[sig-storage] ConfigMap binary data should be reflected in volume [NodeConformance] [Conformance]",
  { on: "containers" },
  async (t) => {
    const { client, namespace } = t;
    const bytes = Buffer.from([0xde, 0xca, 0xfe, 0xba, 0xd0, 0xfe, 0xff]);
    const binaryData = { dump: bytes.toString("base64") };
    await client.create(configmaps, { metadata: { namespace, name: "it" }, data: { "data-1": "value-1" }, binaryData });
    const lines = await linesOf(t, {
      script: "cat /v/data-1; echo; hexdump -v -e '/1 \"%02x\"' /v/dump; echo",
      container: { volumeMounts: [{ name: "v", mountPath: "/v" }] },
      spec: { volumes: [{ name: "v", configMap: { name: "it" } }] },
    });
    assert.deepEqual(lines, ["value-1", bytes.toString("hex")]);
  },
);

const TWICE: Readonly<Record<string, [Kind, boolean]>> = {
  [`Projected configMap should be consumable in multiple volumes in the same pod ${NODE}`]: ["configMap", true],
  [`Projected secret should be consumable in multiple volumes in a pod ${NODE}`]: ["secret", true],
  [`Secrets should be consumable in multiple volumes in a pod ${NODE}`]: ["secret", false],
};
for (const [words, [kind, projected]] of Object.entries(TWICE))
  behaviour(`[sig-storage] ${words}`, { on: "containers" }, async (t) => {
    await make(t, kind, "it", { "data-1": "value-1" });
    const names = ["one", "two"];
    const lines = await linesOf(t, {
      script: "for v in one two; do cat /$v/data-1; echo; stat -L -c %A /$v/data-1; done",
      container: { volumeMounts: names.map((name) => ({ name, mountPath: `/${name}`, readOnly: true })) },
      spec: { volumes: names.map((name) => ({ name, ...source(kind, "it", projected) })) },
    });
    assert.deepEqual(lines, ["value-1", PLAIN, "value-1", PLAIN]);
  });

behaviour(
  "[sig-storage] Secrets should be able to mount in a volume regardless of a different secret existing with same name in different namespace [NodeConformance] [Conformance]",
  { on: "containers" },
  async (t) => {
    const namespace = await t.newNamespace();
    await t.client.create(secrets, { metadata: { namespace, name: "it" }, stringData: { "data-1": "of the other" } });
    await make(t, "secret", "it", { "data-1": "value-1" });
    const lines = await linesOf(t, {
      script: "cat /v/data-1; echo; stat -L -c %A /v/data-1",
      container: { volumeMounts: [{ name: "v", mountPath: "/v" }] },
      spec: { volumes: [{ name: "v", secret: { secretName: "it" } }] },
    });
    assert.deepEqual(lines, ["value-1", PLAIN]);
  },
);

const put = async (t: BehaviourContext, kind: Kind, name: string, value: string) => {
  const key = { namespace: t.namespace, name };
  if (kind === "configMap")
    await t.client.patch(configmaps, key, { type: "merge", body: { data: { "data-1": value } } });
  else await t.client.patch(secrets, key, { type: "merge", body: { data: { "data-1": base64(value) } } });
};

for (const kind of ["configMap", "secret"] as const)
  behaviour(
    `[sig-storage] Projected ${kind} optional updates should be reflected in volume [NodeConformance] [Conformance]`,
    { on: "containers" },
    async (t) => {
      await make(t, kind, "update", { "data-1": "value-1" });
      await make(t, kind, "delete", { "data-1": "value-1" });
      const names = ["create", "update", "delete"];
      const say = "while :; do cat /v/data-1 2>&1 || true; echo; sleep 0.2; done";
      await createPod(t, {
        metadata: { name: "watching" },
        spec: {
          terminationGracePeriodSeconds: 0,
          volumes: names.map((name) => ({ name, ...source(kind, name, true, { optional: true }) })),
          containers: names.map((name) => ({
            ...container(say, { volumeMounts: [{ name, mountPath: "/v" }] }),
            name,
          })),
        },
      });
      await t.podReady("watching");
      const says = (name: string, words: string | RegExp) =>
        untilSaid(t, "watching", words, `?container=${name}&tailLines=3`);
      await says("create", "No such file");
      await says("update", "value-1");
      await says("delete", "value-1");
      await make(t, kind, "create", { "data-1": "value-1" });
      await put(t, kind, "update", "value-2");
      await t.request("DELETE", `/api/v1/namespaces/${t.namespace}/${kind.toLowerCase()}s/delete`);
      await says("create", "value-1");
      await says("update", "value-2");
      await says("delete", "No such file");
    },
  );

behaviour(
  "[sig-storage] Projected configMap updates should be reflected in volume [NodeConformance] [Conformance]",
  { on: "containers" },
  async (t) => {
    await make(t, "configMap", "it", { "data-1": "value-1" });
    await createPod(t, {
      metadata: { name: "watching" },
      spec: {
        terminationGracePeriodSeconds: 0,
        volumes: [{ name: "v", ...source("configMap", "it", true) }],
        containers: [
          container("while :; do cat /v/data-1; echo; sleep 0.2; done", {
            volumeMounts: [{ name: "v", mountPath: "/v" }],
          }),
        ],
      },
    });
    await untilSaid(t, "watching", "value-1");
    await put(t, "configMap", "it", "value-2");
    await untilSaid(t, "watching", "value-2", "?tailLines=1");
  },
);

behaviour(
  "[sig-storage] EmptyDir wrapper volumes should not cause race condition when used for configmaps [Serial] [Conformance]",
  { on: "containers", alone: true, timeoutSeconds: 240 },
  async (t) => {
    const names = Array.from({ length: 50 }, (_, i) => `racey-${i}`);
    await Promise.all(names.map((name) => make(t, "configMap", name, { "data-1": "value-1" })));
    const replicas = ["a", "b", "c", "d", "e"];
    for (const name of replicas)
      await createPod(t, {
        metadata: { name },
        spec: {
          terminationGracePeriodSeconds: 0,
          volumes: names.map((of) => ({ name: of, configMap: { name: of } })),
          containers: [
            container(undefined, { volumeMounts: names.map((of) => ({ name: of, mountPath: `/v/${of}` })) }),
          ],
        },
      });
    for (const name of replicas) {
      await t.podReady(name);
      const { json } = await t.request(
        "GET",
        `/api/v1/namespaces/${t.namespace}/events?fieldSelector=involvedObject.name=${name},reason=FailedMount`,
      );
      assert.deepEqual(json.items, []);
    }
  },
);

behaviour(
  "[sig-storage] Subpath Atomic writer volumes should support subpaths with configmap pod [Conformance]",
  { on: "containers" },
  async (t) => {
    await make(t, "configMap", "it", { one: "first", two: "second" });
    const lines = await linesOf(t, {
      script: "cat /one; echo; cat /folder/two; echo; ls /folder",
      container: {
        volumeMounts: [
          { name: "v", mountPath: "/one", subPath: "one" },
          { name: "w", mountPath: "/folder", subPath: "below" },
        ],
      },
      spec: {
        volumes: [
          { name: "v", configMap: { name: "it" } },
          { name: "w", configMap: { name: "it", items: [{ key: "two", path: "below/two" }] } },
        ],
      },
    });
    assert.deepEqual(lines, ["first", "second", "two"]);
  },
);

behaviour(
  "[sig-storage] Secrets should be immutable if `immutable` field is set [Conformance]",
  { on: "api" },
  async (t) => {
    const path = `/api/v1/namespaces/${t.namespace}/secrets/it`;
    await make(t, "secret", "it", { "data-1": "value-1" });
    const change = async (fields: object) => {
      const { json } = await t.request("GET", path);
      return (await t.request("PUT", path, { ...json, ...fields })).status;
    };
    assert.equal(await change({ data: { "data-1": base64("value-2") } }), 200);
    assert.equal(await change({ immutable: true }), 200);
    assert.equal(await change({ data: { "data-1": base64("value-3") } }), 422);
    assert.equal(await change({ immutable: false }), 422);
    const { json } = await t.request("GET", path);
    assert.equal(await change({ metadata: { ...json.metadata, labels: { a: "b" } } }), 200);
    await t.client.delete(secrets, { namespace: t.namespace, name: "it" });
    await t.untilGone(secrets, "it");
  },
);
