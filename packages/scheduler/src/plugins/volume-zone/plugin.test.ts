import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { fixture } from "../../testing/plugin-fixture.ts";
import { claim, using, volume } from "../../testing/volumes.ts";
import { volumeZone } from "./plugin.ts";

const ZONE = "topology.kubernetes.io/zone";

test("a volume of a zone keeps its pod there", () => {
  const zoned = (name: string, zone: string) =>
    node(name)
      .labels({ [ZONE]: zone })
      .build();
  const objects = [
    zoned("n1", "a"),
    zoned("n2", "b"),
    zoned("n3", "c"),
    node("n4").build(),
    claim("c", { volume: "v" }),
  ];
  const { refusals } = fixture(volumeZone, {}, ...objects, volume("v", { labels: { [ZONE]: "a__b" } }));
  const user = pod("a").spec(using("c")).build();
  assert.deepEqual(refusals(user), { n1: "", n2: "", n3: "node(s) had no available volume zone!", n4: "" });
});
