import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger, VirtualClock } from "@kubets/machinery";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { parseYaml } from "@kubets/machinery/yaml";
import { serveComponent } from "./component-server.ts";
import { RequestAccess } from "./request-access.ts";

test("a component says what it is and how it was started, in words or as an object", async () => {
  const clock = new VirtualClock();
  const listener = await serveComponent({
    listen: { host: "127.0.0.1", port: 0 },
    access: new RequestAccess({ clock, alwaysAllowPaths: ["/*"], keepMs: { token: 0, allowed: 0, denied: 0 } }),
    log: silentLogger,
    metrics: new MetricsRegistry(),
    program: {
      name: "kube-scheduler",
      startedAt: clock.now() - 3_723_000,
      flags: { v: 2, config: "", vs: ["a", "b"] },
    },
    clock,
  });
  const get = async (path: string, accept = "*/*") => {
    const answer = await fetch(`http://127.0.0.1:${listener.port}${path}`, { headers: { accept } });
    return { status: answer.status, text: await answer.text() };
  };
  assert.match(
    (await get("/statusz")).text,
    /^\nkube-scheduler statusz\nWarning: .*\n\nStarted: .*\nUp: 1 hr 02 min 03 sec\n/,
  );
  assert.match((await get("/flagz")).text, /\n\nconfig=\nv=2\nvs=a,b\n$/);
  const object = await get("/flagz", "application/json;g=config.k8s.io;v=v1beta1;as=Flagz");
  const flagz = {
    kind: "Flagz",
    apiVersion: "config.k8s.io/v1beta1",
    metadata: { name: "kube-scheduler" },
    flags: { config: "", v: "2", vs: "a,b" },
  };
  assert.deepEqual(JSON.parse(object.text), flagz);
  const yaml = await get("/flagz", "application/yaml;g=config.k8s.io;v=v1beta1;as=Flagz");
  assert.match(yaml.text, /^apiVersion: config.k8s.io\/v1beta1\nflags:\n/);
  assert.deepEqual(parseYaml(yaml.text), flagz);
  assert.equal((await get("/flagz", "application/json")).status, 406);
  await listener.close();
});
