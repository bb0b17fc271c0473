/** The pieces that all builders of test objects begin with. */
import type { Container } from "../generated/types/core-v1.ts";
import type { ClusterMeta, Draft } from "../meta.ts";

export const metadataOf = (name: string): Draft<ClusterMeta> => ({
  name,
  uid: `uid-${name}`,
  resourceVersion: "1",
  creationTimestamp: "2026-01-01T00:00:00Z",
});

export const containerOf = (name: string, more: Partial<Container> = {}): Draft<Container> =>
  structuredClone({
    name,
    image: "demo",
    resources: {},
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    imagePullPolicy: "IfNotPresent",
    ...more,
  }) as Draft<Container>;
