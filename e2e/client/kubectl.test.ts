/** Unmodified kubectl, 1.32 and 1.35: every output form, apply and its relatives, explain, edit, wait, and what it asks about itself. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createSigningRequest } from "@kubets/wire/x509";
import { startServer, type TestServer } from "../kubectl/server.ts";
import { printing, program, type Run } from "./program.ts";

const deployment = (image: string, replicas = 1) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: main, image: "${image}"}]
`;

for (const release of ["v32", "v35"] as const)
  describe(`kubectl ${release.replace("v", "1.")}`, () => {
    let server: TestServer;
    let run: Run;
    let kubectl: ReturnType<typeof printing>;
    before(async () => {
      server = await startServer();
      run = program(server, release, "kubectl");
      kubectl = printing(run);
      await kubectl(["create", "serviceaccount", "default"]);
    });
    after(() => server?.stop());

    it("applies, shows what would change, and applies that", async () => {
      assert.equal(await kubectl(["apply", "-f", "-"], { input: deployment("i:1") }), "deployment.apps/web created\n");
      const { code, output } = await run(["diff", "-f", "-"], { input: deployment("i:2") });
      assert.equal(code, 1);
      assert.match(output, /^-\s+- image: i:1\n\+\s+- image: i:2$/m);
      assert.equal(
        await kubectl(["apply", "-f", "-"], { input: deployment("i:2") }),
        "deployment.apps/web configured\n",
      );
      assert.equal(
        await kubectl(["apply", "-f", "-"], { input: deployment("i:2") }),
        "deployment.apps/web unchanged\n",
      );
      const other = await run(["apply", "--server-side", "--field-manager=other", "-f", "-"], {
        input: deployment("i:3"),
      });
      assert.equal(other.code, 1);
      assert.match(other.error, /conflict with "kubectl-client-side-apply" using apps\/v1/);
      const forced = ["apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", "-"];
      assert.equal(await kubectl(forced, { input: deployment("i:3") }), "deployment.apps/web serverside-applied\n");
    });

    it("gives an object in every form", async () => {
      const get = (form: string) => kubectl(["get", "deployment", "web", "-o", form]);
      assert.match(
        await kubectl(["get", "deployment", "web"]),
        /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +0\/1 +0 +0 +/,
      );
      assert.match(await get("wide"), /CONTAINERS +IMAGES +SELECTOR\n.* main +i:3 +app=web\n$/);
      assert.equal((JSON.parse(await get("json")) as { kind: string }).kind, "Deployment");
      assert.match(await get("yaml"), /^apiVersion: apps\/v1\nkind: Deployment\n/);
      assert.equal(await get("name"), "deployment.apps/web\n");
      assert.equal(await get("jsonpath={.spec.template.spec.containers[*].image}"), "i:3");
      assert.equal(await get("go-template={{range .spec.template.spec.containers}}{{.name}}{{end}}"), "main");
      assert.equal(await get("custom-columns=A:.metadata.name,B:.spec.replicas"), "A     B\nweb   1\n");
      assert.match(await kubectl(["get", "deploy", "-l", "app=web", "--show-labels"]), /app=web\n$/);
      assert.match(await kubectl(["describe", "deployment", "web"]), /^Name: +web\nNamespace: +default\n/);
    });

    it("edits through an editor", async () => {
      const editor = join(server.folder, "editor.sh");
      writeFileSync(editor, `#!/bin/sh\nsed -i 's/i:3/i:4/' "$1"\n`);
      chmodSync(editor, 0o755);
      assert.equal(
        await kubectl(["edit", "deployment", "web"], { env: { EDITOR: editor } }),
        "deployment.apps/web edited\n",
      );
      assert.equal(await kubectl(["get", "deploy", "web", "-o", "jsonpath={..image}"]), "i:4");
    });

    it("patches in each way, and scales", async () => {
      const patch = (type: string, p: string) => kubectl(["patch", "deployment", "web", "--type", type, "-p", p]);
      assert.equal(
        await patch("strategic", '{"spec":{"template":{"spec":{"containers":[{"name":"two","image":"t"}]}}}}'),
        "deployment.apps/web patched\n",
      );
      assert.equal(await kubectl(["get", "deploy", "web", "-o", "jsonpath={..containers[*].name}"]), "two main");
      await patch("json", '[{"op":"remove","path":"/spec/template/spec/containers/0"}]');
      await patch("merge", '{"metadata":{"annotations":{"a":"b"}}}');
      assert.match(await patch("merge", '{"metadata":{"annotations":{"a":"b"}}}'), /patched \(no change\)/);
      assert.equal(await kubectl(["scale", "deployment", "web", "--replicas=5"]), "deployment.apps/web scaled\n");
      assert.equal(await kubectl(["get", "deploy", "web", "-o", "jsonpath={.spec.replicas}"]), "5");
    });

    it("explains kinds and fields", async () => {
      const text = await kubectl(["explain", "deployment.spec.replicas"]);
      assert.match(text, /^GROUP: +apps\nKIND: +Deployment\nVERSION: +v1\n\nFIELD: replicas <integer>\n/);
      assert.match(text, /Number of desired pods/);
      assert.match(await kubectl(["explain", "pod", "--recursive"]), /\n {4}activeDeadlineSeconds\t<integer>\n/);
      assert.match(
        await kubectl(["explain", "svc.spec.ports", "-o", "plaintext-openapiv2"]),
        /RESOURCE: ports <\[\]Object>/,
      );
      assert.match((await run(["explain", "pod.spec.nosuch"])).error, /field "nosuch" does not exist/);
    });

    it("checks fields before and at the server", async () => {
      const input = deployment("i:1").replace("replicas:", "replica: 1\n  replicas:");
      const strict = await run(["create", "--dry-run=server", "--validate=strict", "-f", "-"], { input });
      assert.match(strict.error, /strict decoding error: unknown field "spec\.replica"/);
      const warned = await run(["apply", "--dry-run=server", "--validate=warn", "-f", "-"], { input });
      assert.equal(warned.code, 0);
      assert.match(warned.error, /Warning: unknown field "spec\.replica"/);
    });

    it("waits for what comes, what holds and what goes", async () => {
      await kubectl(["run", "late", "--image=i"]);
      const ready = kubectl(["wait", "pod/late", "--for=condition=Ready", "--timeout=20s"]);
      const status = { status: { conditions: [{ type: "Ready", status: "True" }] } };
      await kubectl(["patch", "pod", "late", "--subresource=status", "-p", JSON.stringify(status)]);
      assert.equal(await ready, "pod/late condition met\n");
      const gone = kubectl(["wait", "pod/late", "--for=delete", "--timeout=20s"]);
      await kubectl(["delete", "pod", "late", "--force", "--grace-period=0"]);
      // It says something only if it came before the pod went.
      await gone;
    });

    it("knows the resources, the versions and what one may do", async () => {
      assert.match(
        await kubectl(["api-resources", "--api-group=apps"]),
        /^deployments +deploy +apps\/v1 +true +Deployment$/m,
      );
      assert.match(await kubectl(["api-versions"]), /^batch\/v1$/m);
      assert.equal((await run(["auth", "can-i", "get", "pods"])).output, "yes\n");
      const nobody = await run(["auth", "can-i", "get", "pods", "--as=nobody"]);
      assert.deepEqual([nobody.output, nobody.code], ["no\n", 1]);
      assert.match(await kubectl(["auth", "whoami"]), /^Username +admin$/m);
      assert.match(await kubectl(["version"]), /^Server Version: v1\.36\./m);
      assert.equal(await kubectl(["get", "--raw", "/readyz"]), "ok");
    });

    it("shows events, in their order", async () => {
      const event = {
        apiVersion: "v1",
        kind: "Event",
        metadata: { name: "e1" },
        involvedObject: { apiVersion: "apps/v1", kind: "Deployment", name: "web", namespace: "default" },
        type: "Warning",
        reason: "Tried",
        message: "it was tried",
        lastTimestamp: "2026-01-01T00:00:00Z",
      };
      await kubectl(["create", "-f", "-"], { input: JSON.stringify(event) });
      assert.match(
        await kubectl(["events", "--for", "deployment/web"]),
        /Warning +Tried +Deployment\/web +it was tried/,
      );
      assert.match(
        await kubectl(["get", "events", "--sort-by=.lastTimestamp"]),
        /Warning +Tried +deployment\/web +it was tried/,
      );
    });

    it("approves a certificate request", async () => {
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const request = Buffer.from(createSigningRequest(privateKey, { commonName: "jane" })).toString("base64");
      const csr = {
        apiVersion: "certificates.k8s.io/v1",
        kind: "CertificateSigningRequest",
        metadata: { name: "jane" },
        spec: { request, signerName: "kubernetes.io/kube-apiserver-client", usages: ["client auth"] },
      };
      await kubectl(["create", "-f", "-"], { input: JSON.stringify(csr) });
      assert.match(
        await kubectl(["certificate", "approve", "jane"]),
        /certificatesigningrequest\.certificates\.k8s\.io\/jane approved/,
      );
      assert.match(await kubectl(["get", "csr"]), /^jane .* Approved$/m);
    });
  });
