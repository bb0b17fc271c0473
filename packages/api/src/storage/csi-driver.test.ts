import assert from "node:assert/strict";
import { test } from "node:test";
import type { CSIDriver } from "../generated/types/storage-v1.ts";
import type { Draft } from "../meta.ts";
import { writeContext } from "../testing/write-context.ts";
import { csiDriverResource } from "./csi-driver.ts";

test("that pods wait for the driver counts where the feature is on, or was", () => {
  const driver = (): Draft<CSIDriver> => ({
    apiVersion: "storage.k8s.io/v1",
    kind: "CSIDriver",
    metadata: { name: "d", uid: "", resourceVersion: "", creationTimestamp: "" },
    spec: { preventPodSchedulingIfMissing: true },
  });
  const stored = (old: CSIDriver | undefined, ...features: string[]) => {
    const draft = driver();
    if (old) csiDriverResource.prepareForUpdate?.(draft, old, writeContext(...features));
    else csiDriverResource.prepareForCreate?.(draft, writeContext(...features));
    return draft.spec.preventPodSchedulingIfMissing;
  };
  assert.equal(stored(undefined), undefined);
  assert.equal(stored(undefined, "VolumeLimitScaling"), true);
  assert.equal(stored({ ...driver(), spec: {} }), undefined);
  assert.equal(stored(driver()), true);
});
