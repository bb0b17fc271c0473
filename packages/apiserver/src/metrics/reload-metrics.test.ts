import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { realClock, seededRandom, silentLogger } from "@kubets/machinery";
import { externalAuthentication } from "../authn/external-authentication.ts";
import { configuredAuthorization } from "../authz/setup.ts";
import { linesOf } from "../testing/told.ts";
import { serverMetrics } from "./server-metrics.ts";

const hashOf = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;

/** What the files of authentication and authorization say at first, and then. */
const FILES = {
  authentication: ["anonymous: { enabled: true }", "anonymous: { enabled: false }"],
  authorization: [
    "authorizers: [{ type: RBAC, name: rbac }]",
    "authorizers: [{ type: Node, name: node }, { type: RBAC, name: rbac }]",
  ],
} as const;

for (const kind of ["authentication", "authorization"] as const)
  test(`the file of ${kind} that is in force is told by its hash`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "kubets-reload-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "file.yaml");
    const write = (said: string) => {
      const name = `${kind === "authentication" ? "Authentication" : "Authorization"}Configuration`;
      const text = `apiVersion: apiserver.config.k8s.io/v1\nkind: ${name}\n${said}\n`;
      writeFileSync(path, text);
      return hashOf(text);
    };
    const metrics = serverMetrics(realClock);
    const parts = {
      clock: realClock,
      random: seededRandom(1),
      log: silentLogger,
      metrics,
      egress: {},
      featureEnabled: () => true,
    };
    const inForce = () =>
      linesOf(metrics.registry, `apiserver_${kind}_config_controller_last_config_info`).map(
        (line) => /,hash="([^"]*)"\} 1$/.exec(line)?.[1],
      );
    const first = write(FILES[kind][0]);
    const flags = { "authentication-config": path, "authorization-config": path } as never;
    if (kind === "authentication") {
      const external = await externalAuthentication(flags, parts);
      t.after(() => external.close());
    } else {
      const authorization = await configuredAuthorization(flags, parts);
      t.after(authorization.follow(() => {}));
    }
    assert.deepEqual(inForce(), [first]);
    const second = write(FILES[kind][1]);
    while (inForce()[0] === first) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(inForce(), [second]);
  });
