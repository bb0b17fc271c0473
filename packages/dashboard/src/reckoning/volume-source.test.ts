import assert from "node:assert/strict";
import { test } from "node:test";
import { persistentSource, volumeSource } from "./volume-source.ts";

test("volumes tell their type and what they name", () => {
  const of = (source: object) => volumeSource({ name: "v", ...source });
  assert.deepEqual(of({ configMap: { name: "a" } }), {
    type: "ConfigMap",
    refs: [{ kind: "ConfigMap", name: "a" }],
    text: "",
  });
  assert.deepEqual(of({ secret: { secretName: "b" } }).refs, [{ kind: "Secret", name: "b" }]);
  assert.deepEqual(of({ persistentVolumeClaim: { claimName: "c", readOnly: true } }), {
    type: "claim",
    refs: [{ kind: "PersistentVolumeClaim", name: "c" }],
    text: "read only",
  });
  const sources = [{ configMap: { name: "a" } }, { serviceAccountToken: { path: "token" } }, { secret: { name: "b" } }];
  assert.deepEqual(of({ projected: { sources } }), {
    type: "projected",
    refs: [
      { kind: "ConfigMap", name: "a" },
      { kind: "Secret", name: "b" },
    ],
    text: "serviceAccountToken",
  });
  assert.deepEqual(of({ hostPath: { path: "/data", type: "Directory" } }).text, "path /data, type Directory");
});

test("a persistent volume tells where it lies", () => {
  const spec = { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], nfs: { server: "files", path: "/a" } };
  assert.equal(persistentSource(spec), "nfs: server files, path /a");
});
