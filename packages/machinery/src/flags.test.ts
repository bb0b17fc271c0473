import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { type CommandIo, defineCommand, runCommand } from "./command.ts";
import { ExitError, exitCode } from "./exit-codes.ts";
import { defineGates } from "./feature-gates.ts";
import {
  bool,
  choice,
  count,
  defineFlags,
  duration,
  file,
  int,
  list,
  map,
  number,
  parseFlags,
  quantity,
  text,
} from "./flags.ts";
import { createLogger } from "./logger.ts";
import { editDistance, nearest } from "./nearest.ts";
import { installProcessHandlers, type ProcessEvents } from "./process-errors.ts";
import { onStopSignal } from "./shutdown.ts";

const flags = defineFlags({
  "secure-port": int({
    default: 6443,
    help: "Where to listen.",
    placeholder: "PORT",
    group: "Serving",
    min: 0,
    max: 65535,
  }),
  watch: bool({ help: "Watch.", short: "w" }),
  tty: bool({ help: "A terminal.", short: "t" }),
  output: text({ help: "How to print.", short: "o" }),
  timeout: duration({ default: 60_000, help: "How long." }),
  servers: list({ help: "Where etcd is.", aliases: ["etcd-servers"] }),
  env: list({ help: "Variables.", split: false }),
  labels: map({ help: "Labels." }),
  mode: choice(["nftables", "iptables"], { default: "nftables", help: "How." }),
  memory: quantity({ help: "How much." }),
  config: file({ help: "Where the configuration is." }),
  v: count({ help: "How much to tell.", short: "v" }),
  ratio: number({ help: "A part." }),
  old: text({ help: "Gone.", deprecated: "use --output instead" }),
});
const values = (...argv: string[]) => parseFlags(flags, argv).values;

test("values have the types that were declared", () => {
  const { timeout, mode, memory } = values("--timeout=1m30s", "--mode", "iptables", "--memory=1Gi");
  assert.deepEqual([timeout satisfies number, mode satisfies string, String(memory)], [90_000, "iptables", "1Gi"]);
  assert.equal(values()["secure-port"] satisfies number, 6443);
});

test("flags are read as pflag reads them", () => {
  assert.equal(values("--watch=false").watch, false);
  assert.equal(values("--watch").watch, true);
  for (const argv of [["-o=json"], ["-ojson"], ["-o", "json"], ["--output=json"], ["--output", "json"]]) {
    assert.equal(values(...argv).output, "json");
  }
  assert.deepEqual([values("-wt").watch, values("-wt").tty], [true, true]);
  assert.equal(values("-wojson").output, "json");
  assert.equal(values("-vvv").v, 3);
  assert.equal(values("-v=7").v, 7);
  assert.equal(values("--secure_port=1")["secure-port"], 1);
  assert.equal(values("--output", "--watch").output, "--watch");
  assert.deepEqual(values("--servers=a,b", "--etcd-servers", "c").servers, ["a", "b", "c"]);
  assert.deepEqual(values('--servers="a,b",c').servers, ["a,b", "c"]);
  assert.deepEqual(values("--env=a,b", "--env=c").env, ["a,b", "c"]);
  assert.deepEqual(values("--labels=a=1,b=x=y").labels, { a: "1", b: "x=y" });
  assert.equal(values("--secure-port=0x10")["secure-port"], 16);
  assert.equal(values("--ratio=.5").ratio, 0.5);
});

test("arguments, and what stands behind --", () => {
  const parsed = parseFlags(flags, ["a", "-w", "b", "--", "-o", "x"]);
  assert.deepEqual(parsed.args, ["a", "b", "-o", "x"]);
  assert.equal(parsed.argsAtDash, 2);
  assert.deepEqual([...parsed.given], ["watch"]);
  assert.deepEqual(parseFlags(flags, ["-w", "run", "-o"], { stopAtArgument: true }).args, ["run", "-o"]);
  assert.equal(parseFlags(flags, ["-h"]).help, true);
  assert.deepEqual(parseFlags(flags, ["--old=x"]).warnings, ["Flag --old has been deprecated, use --output instead"]);
  assert.deepEqual(parseFlags(flags, ["-"]).args, ["-"]);
});

test("errors say what is wrong and what would be right", () => {
  const cases: Array<[string[], string]> = [
    [["--secure-prot=1"], "unknown flag: --secure-prot: did you mean --secure-port?"],
    [["--nothing-like-it"], "unknown flag: --nothing-like-it"],
    [["-x"], "unknown flag: -x in -x"],
    [["--output"], "flag needs an argument: --output: give it a TEXT"],
    [["-o"], "flag needs an argument: 'o' in -o: give it a TEXT"],
    [
      ["--secure-port=abc"],
      'invalid argument "abc" for "--secure-port" flag: strconv.ParseInt: parsing "abc": invalid syntax',
    ],
    [["--secure-port=70000"], 'invalid argument "70000" for "--secure-port" flag: must be between 0 and 65535'],
    [
      ["-w=maybe"],
      'invalid argument "maybe" for "-w, --watch" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    [["--mode=ipvs"], 'invalid argument "ipvs" for "--mode" flag: must be one of "nftables", "iptables"'],
    [["--labels=a"], 'invalid argument "a" for "--labels" flag: a must be formatted as key=value'],
    [["--timeout=5"], 'invalid argument "5" for "--timeout" flag: time: missing unit in duration "5"'],
    [["---x"], "bad flag syntax: ---x"],
  ];
  for (const [argv, message] of cases) assert.throws(() => parseFlags(flags, argv), { name: "FlagError", message });
  const needs = defineFlags({ name: text({ help: "", required: true }) });
  assert.throws(() => parseFlags(needs, []), { message: "required flag --name is not given: add --name TEXT" });
  assert.throws(
    () => defineFlags({ a: bool({ help: "", short: "x" }), b: bool({ help: "", short: "x" }) }),
    /share the name x/,
  );
});

function recorder(): CommandIo & { out: string; err: string } {
  return {
    out: "",
    err: "",
    output(line) {
      this.out += line;
    },
    error(line) {
      this.err += line;
    },
  };
}

const root = defineCommand({
  name: "kubets",
  summary: "Kubernetes in TypeScript.",
  subcommands: [
    defineCommand({
      name: "up",
      summary: "Starts a cluster.",
      examples: ["kubets up --nodes 3"],
      flags: defineFlags({ nodes: int({ default: 1, help: "How many nodes.", min: 1, group: "Cluster" }) }),
      run({ values: { nodes }, args, io }) {
        if (args[0] === "fail") throw new Error("no such thing");
        if (args[0] === "lack") throw new ExitError(exitCode.precondition, "nft is missing");
        io.output(`${nodes}`);
      },
    }),
  ],
});

test("commands: found, run, helped with, and their errors", async () => {
  const cases: Array<[string[], number, RegExp, RegExp]> = [
    [["up", "--nodes=3"], 0, /^3$/, /^$/],
    [
      ["up", "--nodse=3"],
      2,
      /^$/,
      /^error: unknown flag: --nodse: did you mean --nodes\?\nSee 'kubets up --help' for usage\.\n$/,
    ],
    [["upp"], 2, /^$/, /unknown command "upp" for "kubets": did you mean "up"\?/],
    [["up", "fail"], 1, /^$/, /^error: no such thing\n$/],
    [["up", "lack"], 3, /^$/, /nft is missing/],
    [[], 0, /Commands:\n {2}up {2}Starts a cluster\./, /^$/],
    [["up", "--help"], 0, /Cluster flags:\n {6}--nodes NUMBER {2}How many nodes\. \(default 1\)/, /^$/],
    [["up", "-h"], 0, /Examples:\n {2}kubets up --nodes 3/, /^$/],
  ];
  for (const [argv, code, out, err] of cases) {
    const io = recorder();
    assert.equal(await runCommand(root, argv, io), code, argv.join(" "));
    assert.match(io.out, out);
    assert.match(io.err, err);
  }
});

test("the nearest word", () => {
  assert.equal(editDistance("prot", "port"), 1);
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(nearest("deploymnet", ["deployment", "daemonset"]), "deployment");
  assert.equal(nearest("x", ["something"]), undefined);
});

test("feature gates", () => {
  const gates = defineGates({
    Alpha: { default: false, stage: "alpha" },
    Beta: { default: true, stage: "beta" },
    Done: { default: true, stage: "ga", lockToDefault: true },
    Old: { default: false, stage: "deprecated" },
  });
  assert.deepEqual([gates.enabled("Alpha"), gates.enabled("Beta"), gates.enabled("Done")], [false, true, true]);
  gates.set("AllAlpha=true, Beta=false,");
  assert.deepEqual([gates.enabled("Alpha"), gates.enabled("Beta")], [true, false]);
  gates.set("AllBeta=true");
  assert.equal(gates.enabled("Beta"), false);
  gates.set("Old=true,Done=true");
  assert.equal(gates.warnings.length, 2);
  assert.equal(gates.toString(), "AllAlpha=true,AllBeta=true,Beta=false,Done=true,Old=true");
  assert.ok(gates.known().includes("Beta=true|false (BETA - default=true)"));
  const cases: Array<[string, string]> = [
    ["Alpha", "missing bool value for Alpha"],
    ["Alpha=maybe", 'invalid value of Alpha=maybe, err: strconv.ParseBool: parsing "maybe": invalid syntax'],
    ["Unlike=true", "unrecognized feature gate: Unlike"],
    ["Alhpa=true", "unrecognized feature gate: Alhpa: did you mean Alpha?"],
    ["Done=false", "cannot set feature gate Done to false, feature is locked to true"],
  ];
  for (const [value, message] of cases) assert.throws(() => gates.set(value), { message }, value);
});

class FakeProcess extends EventEmitter {
  readonly codes: number[] = [];
  readonly stdout = new EventEmitter();
  exit(code: number): void {
    this.codes.push(code);
  }
}

test("what nobody caught ends the process, and is told", () => {
  const target = new FakeProcess();
  let logged = "";
  const log = createLogger({ write: (line) => (logged += line) });
  const off = installProcessHandlers(log, target as unknown as ProcessEvents);
  target.emit("uncaughtException", new Error("oh"));
  target.emit("unhandledRejection", new ExitError(exitCode.storage, "the disk is full"));
  target.stdout.emit("error", Object.assign(new Error("closed"), { code: "EPIPE" }));
  assert.deepEqual(target.codes, [exitCode.internal, exitCode.storage, exitCode.ok]);
  assert.match(logged, /an uncaught exception ends the process error=oh/);
  assert.match(logged, /the disk is full/);
  off();
  assert.equal(target.listenerCount("uncaughtException") + target.stdout.listenerCount("error"), 0);
});

test("the first signal asks, the second ends", () => {
  const target = new FakeProcess();
  const { signal, dispose } = onStopSignal(target);
  target.emit("SIGINT");
  assert.equal(signal.aborted, true);
  assert.deepEqual(target.codes, []);
  target.emit("SIGTERM");
  assert.deepEqual(target.codes, [exitCode.terminated]);
  dispose();
  assert.equal(target.listenerCount("SIGINT"), 0);
});
