/** The example of docs/custom-resources.md, as it stands there: its definition is taken, and its controller runs and does what it says. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { startServer, type TestServer } from "../kubectl/server.ts";
import { printing, program } from "./program.ts";

const FOLDER = join(import.meta.dirname, "../../examples/custom-resource");
const MOST_LINES = 60;
const greeting = (spec: string) => `{apiVersion: example.com/v1, kind: Greeting, metadata: {name: ada}, spec: ${spec}}`;

describe("the example of a custom resource with a controller", () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
  });
  after(() => server?.stop());

  it("is short, and told in the docs as it stands", () => {
    const [code, docs] = [join(FOLDER, "controller.ts"), join(FOLDER, "../../docs/custom-resources.md")].map((file) =>
      readFileSync(file, "utf8"),
    );
    assert.ok((code?.split("\n").length ?? 0) <= MOST_LINES);
    assert.ok(
      docs?.includes(`\`\`\`ts\n${code}\`\`\``),
      "docs/custom-resources.md shows another controller than the example",
    );
    assert.ok(docs?.includes(`\`\`\`yaml\n${readFileSync(join(FOLDER, "greetings.yaml"), "utf8")}\`\`\``));
  });

  it("writes what its objects ask for", async () => {
    const kubectl = printing(program(server, "v35", "kubectl"));
    await kubectl(["apply", "-f", join(FOLDER, "greetings.yaml")]);
    await kubectl(["wait", "--for=condition=Established", "crd/greetings.example.com", "--timeout=20s"]);
    const args = ["--disable-warning=ExperimentalWarning", join(FOLDER, "controller.ts")];
    const env = { ...process.env, KUBECONFIG: server.kubeconfig };
    const controller = spawn(process.execPath, args, { env, stdio: "ignore" });
    try {
      await kubectl(["apply", "-f", "-"], { input: greeting("{to: Ada, times: 2}") });
      await kubectl(["wait", "greeting/ada", "--for=jsonpath={.status.observedGeneration}=1", "--timeout=20s"]);
      const words = () => kubectl(["get", "configmap", "greeting-ada", "-o", "jsonpath={.data.words}"]);
      assert.equal(await words(), "Hello, Ada!\nHello, Ada!");
      assert.match(await kubectl(["get", "gr"]), /^NAME +TO +WRITTEN\nada +Ada +greeting-ada\n$/);
      await kubectl(["patch", "gr", "ada", "--type=merge", "-p", '{"spec":{"to":"Grace"}}']);
      await kubectl(["wait", "gr/ada", "--for=jsonpath={.status.observedGeneration}=2", "--timeout=20s"]);
      assert.equal(await words(), "Hello, Grace!\nHello, Grace!");
    } finally {
      const ended = once(controller, "exit");
      controller.kill("SIGTERM");
      assert.deepEqual(await ended, [0, null]);
    }
  });
});
