/** Unmodified helm: a release from install to uninstall, with its hooks, its history and its test. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startServer, type TestServer } from "../kubectl/server.ts";
import { writeChart } from "./chart.ts";
import { printing, program } from "./program.ts";

describe("helm", () => {
  let server: TestServer;
  let chart: string;
  let helm: ReturnType<typeof printing>;
  let kubectl: ReturnType<typeof printing>;
  before(async () => {
    server = await startServer();
    chart = writeChart(server.folder);
    helm = printing(program(server, "v35", "helm"));
    kubectl = printing(program(server, "v35", "kubectl"));
    await kubectl(["create", "serviceaccount", "default"]);
  });
  after(() => server?.stop());

  const field = (kind: string, path: string) => kubectl(["get", kind, "a", "-o", `jsonpath=${path}`]);

  it("installs a chart, its hook first", async () => {
    const told = await helm(["install", "a", chart]);
    assert.match(told, /^STATUS: deployed$/m);
    assert.equal(
      await field("deployment", "{.spec.replicas} {.spec.template.spec.containers[0].image}"),
      "1 example/shop:1",
    );
    assert.equal(await field("deployment", "{.metadata.labels['app\\.kubernetes\\.io/managed-by']}"), "Helm");
    assert.equal(await kubectl(["get", "configmap", "a-hook-1", "-o", "jsonpath={.data.revision}"]), "1");
  });

  it("upgrades it by what has changed", async () => {
    await kubectl(["label", "deployment", "a", "mine=yes"]);
    await helm(["upgrade", "a", chart, "--set", "replicas=3,image=example/shop:2"]);
    assert.equal(await field("deployment", "{.spec.replicas} {.metadata.labels.mine}"), "3 yes");
    assert.match(await helm(["history", "a"]), /1 .*superseded[^\n]*\n2 .*deployed/);
  });

  it("goes back to an earlier revision", async () => {
    await helm(["rollback", "a", "1"]);
    assert.equal(await field("deployment", "{.spec.template.spec.containers[0].image}"), "example/shop:1");
    assert.match(await helm(["status", "a"]), /^REVISION: 3$/m);
    assert.match(await helm(["get", "manifest", "a"]), /kind: Service/);
  });

  it("runs the chart's test and waits for its pod", async () => {
    const tested = helm(["test", "a", "--timeout", "30s"]);
    await kubectl(["wait", "pod/a-ask", "--for=create", "--timeout=20s"]);
    await kubectl([
      "patch",
      "pod",
      "a-ask",
      "--subresource=status",
      "--type=merge",
      "-p",
      '{"status":{"phase":"Succeeded"}}',
    ]);
    assert.match(await tested, /Phase: +Succeeded/);
  });

  it("refuses what the server refuses, in its words", async () => {
    await assert.rejects(helm(["upgrade", "a", chart, "--set", "replicas=-1"]), /spec\.replicas: Invalid value: -1/);
  });

  it("checks a chart against what the server has", async () => {
    const rendered = await helm(["template", "b", chart, "--validate"]);
    assert.match(rendered, /^kind: Deployment$/m);
  });

  it("takes everything away with the release", async () => {
    await helm(["uninstall", "a"]);
    assert.equal(
      await kubectl(["get", "deployments,services", "-l", "app.kubernetes.io/managed-by=Helm", "-o", "name"]),
      "",
    );
    assert.equal((await helm(["list", "-q"])).trim(), "");
  });
});
