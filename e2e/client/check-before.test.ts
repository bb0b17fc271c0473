/**
 * What people who write expressions and kinds are told before a cluster is: `kubets cel` and `kubets crd check` as programs, with the commands of the docs as
 * they stand there. What the check of a definition says, the server says too, in the same words.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { startServer, type TestServer } from "../kubectl/server.ts";
import { heard, program, type Ran } from "./program.ts";

const ROOT = join(import.meta.dirname, "../..");
const EXAMPLE = join(ROOT, "examples/custom-resource");
const folder = mkdtempSync(join(tmpdir(), "kubets-check-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return text;
}

/** A command line as somebody types it, in the folder of the files. */
async function shell(line: string, input = ""): Promise<Ran> {
  const kubets = `"${process.execPath}" --disable-warning=ExperimentalWarning "${ROOT}/packages/kubets/src/main.ts"`;
  const child = spawn("sh", ["-c", line.replace(/^kubets/, kubets)], { cwd: folder, timeout: 60_000 });
  return heard(child, input);
}

/** A command of the docs that begins so, with what it prints there. */
function shown(file: string, command: string): { line: string; prints: string } {
  const lines = readFileSync(join(ROOT, "docs", file), "utf8").split("\n");
  const at = lines.findIndex((text) => text.replace(/^ *(\$ )?/, "").startsWith(command));
  assert.ok(at >= 0, `docs/${file} shows no \`${command}\``);
  const indent = /^ */.exec(lines[at] as string)?.[0] ?? "";
  const behind = lines.slice(at + 1);
  const end = behind.findIndex((text) => text === "" || text.startsWith("```"));
  return {
    line: (lines[at] as string).replace(/^ *(\$ )?/, ""),
    prints: behind
      .slice(0, end)
      .map((text) => `${text.slice(indent.length)}\n`)
      .join(""),
  };
}

describe("an expression is tried on a file", () => {
  before(() => {
    write("deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\nspec: {replicas: 3}\n");
    write("route.yaml", "spec: {hosts: [a.example.com, b.example.org]}\n");
  });

  it("as the docs show it", async () => {
    const replicas = shown("cel.md", "kubets cel 'object.spec.replicas <= 5'");
    assert.deepEqual(await shell(replicas.line), { code: 0, output: "true\n", error: "" });
    const hosts = shown("cel.md", "kubets cel 'self.spec.hosts");
    assert.deepEqual(await shell(hosts.line), { code: 1, output: "false\n", error: "" });
    const piped = shown("cel.md", "kubectl get pod web-0 -o json | kubets cel").line.replace(/^.* \| /, "");
    const pod = JSON.stringify({ spec: { containers: [{ name: "a", image: "busybox" }] } });
    assert.deepEqual(JSON.parse((await shell(piped, pod)).output), ["busybox"]);
  });

  it("and what is wrong is shown with its place, as the docs show it", async () => {
    const wrong = shown("cel.md", "kubets cel 'object.spec.replicas +'");
    const { code, output, error } = await shell(wrong.line);
    assert.deepEqual([code, output], [1, ""]);
    const [first, , , place] = wrong.prints.split("\n");
    assert.equal(error.split("\n")[0], first);
    assert.match(place ?? "", /^ \| \.+\^$/);
    assert.equal(error.split("\n")[3], place);
  });
});

describe("a definition is checked", () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
  });
  after(() => server?.stop());
  const greetings = readFileSync(join(EXAMPLE, "greetings.yaml"), "utf8");

  it("as the docs show it", async () => {
    write("greetings.yaml", greetings);
    const { line, prints } = shown("custom-resources.md", "kubets crd check greetings.yaml");
    assert.deepEqual(await shell(line), { code: 0, output: prints, error: "" });
  });

  const MISTAKES = {
    "a type that there is not": ["times: { type: integer", "times: { type: int"],
    "a column without its path": ["jsonPath: .spec.to }", "jsonPath: spec.to }"],
    "a rule about a field that there is not": ["self.to != 'nobody'", "self.too != 'nobody'"],
  } as const;
  for (const [what, [right, mistake]] of Object.entries(MISTAKES))
    it(`in the words of the server, and with the line: ${what}`, async () => {
      const wrong = write("wrong.yaml", greetings.replace(right, mistake));
      const { code, output } = await shell("kubets crd check wrong.yaml");
      assert.equal(code, 1);
      const [, line, words = ""] = /^wrong\.yaml:(\d+): (.*)/.exec(output) ?? [];
      assert.ok(wrong.split("\n")[Number(line) - 1]?.includes(mistake), output);
      const said = await program(server, "v35", "kubectl")(["create", "-f", join(folder, "wrong.yaml")]);
      assert.equal(said.code, 1);
      assert.ok(words && said.error.includes(words), `${output}--- the server:\n${said.error}`);
    });
});
