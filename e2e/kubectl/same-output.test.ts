/**
 * `kubets kubectl` against the real one: the same commands, each in a namespace of its own on the same server, must print the same
 * and end alike. Only what must differ (times, UIDs, revisions) is made equal before.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { after, before, describe, it } from "node:test";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { createKubectlCommand } from "@kubets/kubectl";
import { runCommand } from "@kubets/machinery/command";
import { realProgram } from "../real-programs.ts";
import { COMMANDS } from "./commands.ts";
import { startServer, type TestServer } from "./server.ts";

interface Result {
  readonly code: number;
  readonly output: string;
  readonly error: string;
}

/** The real program, or why there is none. */
function findKubectl(): { path?: string; why?: string } {
  try {
    const path = realProgram("v35", "kubectl");
    return spawnSync(path, ["version", "--client"]).status === 0 ? { path } : { why: `${path} does not run here` };
  } catch (error) {
    return { why: `there is no real kubectl to compare with: ${(error as Error).message}` };
  }
}

const { path: real = "", why } = findKubectl();

describe("kubets kubectl prints what kubectl prints", { skip: why }, () => {
  let server: TestServer;
  let files: Readonly<Record<string, string>>;

  before(async () => {
    server = await startServer();
    const source = readFileSync(join(import.meta.dirname, "objects.yaml"), "utf8");
    const changed = source
      .replace("nginx:1.25", "nginx:1.26")
      .replace('a: "1", lines', 'b: "2", lines')
      .replace("replicas: 2", "replicas: 4");
    files = {
      FILE: join(server.folder, "objects.yaml"),
      CHANGED: join(server.folder, "changed.yaml"),
      BASE: join(import.meta.dirname, "overlays/base"),
      DESCRIBED: join(import.meta.dirname, "described.yaml"),
      MANY: join(import.meta.dirname, "many-kinds.yaml"),
      RBAC: join(import.meta.dirname, "rbac.yaml"),
      DEBUGGED: join(import.meta.dirname, "debugged.yaml"),
      EDITOR: join(server.folder, "editor.sh"),
      EMPTY: "",
      OVERLAY: join(import.meta.dirname, "overlays/test"),
    };
    writeFileSync(files.EDITOR as string, `#!/bin/sh\nsed -i 's/b: .*two/b: three/; s/"b": "2"/"b": "4"/' "$1"\n`, {
      mode: 0o755,
    });
    writeFileSync(files.FILE as string, source);
    writeFileSync(files.CHANGED as string, changed);
    const shared = await ours(["apply", "-f", join(import.meta.dirname, "cluster-kinds.yaml")]);
    assert.equal(shared.code, 0, shared.error);
    // The real one remembers what kinds there are.
    const known = await ours(["wait", "--for=condition=Established", "crd/foos.example.com", "--timeout=30s"]);
    assert.equal(known.code, 0, known.error);
    for (const name of ["real", "ours"]) {
      const { code, error } = await ours(["create", "namespace", name]);
      assert.equal(code, 0, error);
    }
  });
  after(() => server?.stop());

  for (const [i, command] of COMMANDS.entries()) {
    it(`${i + 1}. ${command}`, async () => {
      const theirs = runReal(wordsOf(command, "real"));
      const own = await ours(wordsOf(command, "ours"));
      assert.deepEqual(plain(own, "ours"), plain(theirs, "real"));
    });
  }

  /** With files for their names; in the namespace of a side unless the command has none. */
  function wordsOf(command: string, side: string): string[] {
    const words = command.split(/ (?![^{[]*[}\]]$)/).map((word) => files[word] ?? word);
    const own = words.map((word) => word.replace("CONFIG", join(server.folder, `${side}-config`)));
    if (/^(config|__complete)/.test(command)) return own;
    const end = own.indexOf("--");
    return end < 0 ? [...own, "-n", side] : [...own.slice(0, end), "-n", side, ...own.slice(end)];
  }

  function runReal(argv: readonly string[]): Result {
    const { status, stdout, stderr } = spawnSync(real, argv, {
      encoding: "utf8",
      env: { ...process.env, KUBECONFIG: server.kubeconfig, HOME: server.folder, EDITOR: files.EDITOR },
      timeout: 60_000,
    });
    return { code: status ?? -1, output: stdout, error: stderr };
  }

  /** In this process, with streams that are kept. */
  async function ours(argv: readonly string[]): Promise<Result> {
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    streams.stdin.end();
    const reading = {
      ...machineReading(),
      env: { KUBECONFIG: server.kubeconfig, EDITOR: files.EDITOR },
      home: server.folder,
    };
    let [output, error] = ["", ""];
    const io = { output: (text: string) => void (output += text), error: (text: string) => void (error += text) };
    const code = await runCommand(createKubectlCommand({ reading, streams }), argv, io);
    return { code, output: output + ((streams.stdout.read() as Buffer | null)?.toString() ?? ""), error };
  }
});

/** With what must differ made equal. */
function plain({ code, output, error }: Result, namespace: string) {
  const equal = (text: string) =>
    text
      .replaceAll(`${namespace}-config`, "CONFIG")
      .replaceAll(new RegExp(`\\b${namespace}\\b`, "g"), "NAMESPACE")
      // Said on the side by what shells ask; nobody reads it.
      .replaceAll(/^Completion ended with directive: \w+\n/gm, "")
      .replaceAll(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, "TIME")
      .replaceAll(/\w{3}, \d{2} \w{3} \d{4} [\d:]+ [+-]\d{4}/g, "TIME")
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "UID")
      .replaceAll(/(resourceVersion"?: )"\d+"/g, "$1REVISION")
      .replaceAll(/\b\d+(m\d+)?s\b/g, "AGE")
      .replaceAll(/\d{4}-\d{2}-\d{2} [\d:]+ \+0000 UTC/g, "TIME")
      .replaceAll(/(LIVE|MERGED)-\w+/g, "$1")
      .replaceAll(/\t\d{4}-\d{2}-\d{2} [\d:.]+ [+-]\d{4}/g, "\tTIME")
      // The original warns of a word that is old.
      .replaceAll(/^# Warning: 'commonLabels' is deprecated.*\n/gm, "")
      .replaceAll(/(NodePort:.*?)\d{5}/g, "$1PORT")
      .replaceAll(/(Resource Version: +)\d+/g, "$1REVISION")
      .replaceAll(/kube-api-access-\w{5}/g, "kube-api-access")
      .replaceAll(/\b10\.\d+\.\d+\.\d+\b/g, "ADDRESS")
      // The original tells limits in no order of its own.
      .replaceAll(/(?:^Container {3,}\S+ .*\n)+/gm, (rows) => rows.split("\n").sort().join("\n"))
      // Columns beside an age or an address shift with its length.
      .replaceAll(/((?:AGE|ADDRESS|NAMESPACE)) +/g, "$1 ");
  return { code, output: equal(output), error: equal(error) };
}
