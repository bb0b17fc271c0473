/**
 * Hosts on one link, as a rack has them, without a way out: each in namespaces of its own, with folders of its own where a host keeps what is its alone.
 * Everything is gone after `remove`, whatever ran in it.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../cluster.ts";
import { removeWhenInterrupted } from "../interrupted.ts";

const MAIN = join(import.meta.dirname, "../../packages/kubets/src/main.ts");
/** What a host has for itself alone. */
const OWN_FOLDERS = ["/var/lib/kubets", "/var/lib/kubelet", "/var/lib/cni", "/var/log", "/etc/cni/net.d"];

export interface Program {
  /** All that it said. */
  log(): string;
  /** Waits for words in its log, and fails when it ends before. */
  says(words: string): Promise<void>;
  /** Ends its input, and waits until it ends too. */
  end(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export class Rack {
  readonly folder = mkdtempSync(join(tmpdir(), "kubets-rack-"));
  readonly #name = `kr${process.pid.toString(36)}`;
  readonly #hosts: Host[] = [];
  readonly #isRemoved = removeWhenInterrupted(() => this.remove());

  constructor() {
    ip("netns", "add", this.#name);
    for (const line of ["link set lo up", "link add br0 type bridge", "link set br0 up"])
      ip("-n", this.#name, ...line.split(" "));
  }

  /** "172.29.77.N" and "fd77:77::N". */
  async add(number: number): Promise<Host> {
    const addresses = [`172.29.77.${number}`, `fd77:77::${number}`] as const;
    const host = new Host(`${this.#name}-${number}`, addresses, join(this.folder, String(number)));
    this.#hosts.push(host);
    await host.stand(this.#name, number);
    return host;
  }

  async remove(): Promise<void> {
    this.#isRemoved();
    for (const host of this.#hosts) await host.remove();
    spawnSync("ip", ["netns", "del", this.#name]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class Host {
  readonly name: string;
  readonly address: string;
  readonly address6: string;
  readonly folder: string;
  #keeper: ChildProcess | undefined;
  #programs = 0;

  constructor(name: string, [address, address6]: readonly [string, string], folder: string) {
    this.name = name;
    this.address = address;
    this.address6 = address6;
    this.folder = folder;
  }

  async stand(rack: string, number: number): Promise<void> {
    ip("netns", "add", this.name);
    ip("link", "add", "eth0", "netns", this.name, "type", "veth", "peer", "name", `port${number}`, "netns", rack);
    ip("-n", rack, "link", "set", `port${number}`, "master", "br0", "up");
    for (const line of [
      "link set lo up",
      "link set eth0 up",
      `addr add ${this.address}/24 dev eth0`,
      `addr add ${this.address6}/64 dev eth0 nodad`,
    ])
      ip("-n", this.name, ...line.split(" "));
    const own = OWN_FOLDERS.map((path, i) => {
      const from = join(this.folder, String(i));
      mkdirSync(from, { recursive: true });
      return `mkdir -p ${path} && mount --bind ${from} ${path}`;
    });
    const setup = [
      "mount --make-rprivate /",
      ...own,
      "mount -t tmpfs tmpfs /run",
      "mkdir /run/lock",
      `hostname ${this.name}`,
      "mount --make-rshared /",
      "echo standing",
      "exec sleep infinity",
    ].join(" && ");
    this.#keeper = spawn(
      "nsenter",
      [`--net=/run/netns/${this.name}`, "unshare", "--mount", "--uts", "--ipc", "sh", "-c", setup],
      { stdio: ["ignore", openSync(join(this.folder, "keeper.log"), "a"), "inherit"] },
    );
    await eventually("the host", () => readFileSync(join(this.folder, "keeper.log"), "utf8").includes("standing"));
  }

  /** Runs a program of this host to its end. */
  run(program: string, ...args: string[]): string {
    return execFileSync("nsenter", [...this.#inside, program, ...args], {
      encoding: "utf8",
      env: this.#env,
      timeout: 120_000,
      maxBuffer: 1 << 26,
    });
  }

  /** Runs Kubets to its end; gives what it said even when it failed. */
  kubets(...args: string[]): { code: number | null; output: string } {
    const { status, stdout, stderr } = spawnSync("nsenter", [...this.#inside, ...kubets(args)], {
      encoding: "utf8",
      env: this.#env,
      timeout: 120_000,
    });
    return { code: status, output: stdout + stderr };
  }

  /** Starts Kubets, to go on. */
  launch(...args: string[]): Program {
    return this.start(args[0] as string, ...kubets(args));
  }

  /** Starts a program, to go on; its input stays open until `end`. */
  start(what: string, ...command: string[]): Program {
    const logFile = join(this.folder, `${what}-${++this.#programs}.log`);
    const fd = openSync(logFile, "a");
    const child = spawn("nsenter", [...this.#inside, ...command], { stdio: ["pipe", fd, fd], env: this.#env });
    closeSync(fd);
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const log = () => readFileSync(logFile, "utf8");
    return {
      log,
      async says(words) {
        const end = () => log().includes(words) || child.exitCode !== null;
        await eventually(`"${words}" in the log of ${what}`, end).catch((cause: Error) => {
          throw new Error(`${cause.message}; its last words:\n${log().slice(-3000)}`, { cause });
        });
        if (!log().includes(words)) throw new Error(`${what} ended with ${child.exitCode}:\n${log().slice(-3000)}`);
      },
      async end() {
        child.stdin?.end();
        await ended;
      },
      async kill(signal) {
        child.kill(signal);
        await ended;
      },
    };
  }

  async remove(): Promise<void> {
    await eventually(`the end of all on ${this.name}`, () => {
      const alive = this.#processes();
      if (alive.length > 0) spawnSync("kill", ["-9", ...alive]);
      return alive.length === 0;
    });
    this.#keeper = undefined;
    spawnSync("ip", ["netns", "del", this.name]);
    for (const path of this.#cgroups()) shell(`find ${path} -depth -type d -exec rmdir {} ';'`);
  }

  /** Those of the host's network, and those of its pods, which have networks of their own. */
  #processes(): string[] {
    const inPods = this.#cgroups().map((path) => `find ${path} -name cgroup.procs -exec cat {} +`);
    return [
      ...new Set([`ip netns pids ${this.name}`, ...inPods].flatMap((command) => shell(command).split("\n"))),
    ].filter(Boolean);
  }

  /** In each hierarchy, of either version. */
  #cgroups(): string[] {
    return shell(`ls -d /sys/fs/cgroup/${this.name} /sys/fs/cgroup/*/${this.name}`).split("\n").filter(Boolean);
  }

  get #inside(): string[] {
    return ["-t", String(this.#standing()), "--net", "--mount", "--uts", "--ipc", "--"];
  }

  get #env(): NodeJS.ProcessEnv {
    return { ...process.env, KUBETS_HOME: join(this.folder, "home") };
  }

  /** `nsenter` and `unshare` become the program that they run: one process. */
  #standing(): number {
    if (!this.#keeper?.pid) throw new Error(`${this.name} does not stand`);
    return this.#keeper.pid;
  }
}

const kubets = (args: readonly string[]): string[] => [
  process.execPath,
  "--disable-warning=ExperimentalWarning",
  MAIN,
  ...args,
];

const ip = (...args: string[]): string => execFileSync("ip", args, { encoding: "utf8", stdio: "pipe" });

/** What it printed, even when a part of it failed. */
const shell = (command: string): string => spawnSync("sh", ["-c", command], { encoding: "utf8" }).stdout;
