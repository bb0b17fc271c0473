/**
 * `npm run e2e -- --vm [words]`: the same tests in a virtual machine as real machines are: systemd, cgroup v2, a kernel of Debian's own. The
 * machine is emulated in software, so it needs no /dev/kvm and is some ten times as slow; it has no network. The checkout is lent to it
 * read-only, and what it writes to its disk is thrown away.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realProgram } from "../real-programs.ts";
import { machineImage } from "./image.ts";

const root = join(import.meta.dirname, "../..");
const LONGEST_MS = 40 * 60_000;
const PROGRAMS = { "qemu-system-x86_64": "qemu-system-x86", mmdebstrap: "mmdebstrap", mke2fs: "e2fsprogs" };

/** Code that one thread makes while another runs it crashes in the emulator of Debian 12 unless its processors take turns. */
const MACHINE = "-accel tcg,thread=single -cpu Nehalem -smp 2 -m 4G -nic none -nographic -no-reboot".split(" ");
/** On a machine that is busy the timer comes later than the kernel lets it when it begins, and services take longer than systemd does. */
const KERNEL_LINE =
  "root=/dev/vda rw console=ttyS0 quiet panic=-1 no_timer_check systemd.default_timeout_start_sec=900";

/** Says whether all tests passed. */
export async function runInMachine(words: readonly string[]): Promise<boolean> {
  const missing = Object.entries(PROGRAMS).filter(
    ([program]) => spawnSync("sh", ["-c", `command -v ${program}`]).status,
  );
  if (missing.length || process.getuid?.() !== 0) {
    const cure = missing.length ? `install Debian's ${missing.map(([, name]) => name).join(", ")}` : "run it as root";
    console.error(`the virtual machine cannot be made: ${cure}, then run the same command again`);
    return false;
  }
  const image = machineImage(console.log);
  // The checkout is read-only within.
  for (const release of ["v32", "v35"] as const) realProgram(release, "kubectl");
  const job = mkdtempSync(join(tmpdir(), "kubets-vm-"));
  try {
    writeFileSync(join(job, "run.sh"), jobOf(words));
    return (await boot(image, job)) === 0;
  } finally {
    rmSync(job, { recursive: true, force: true });
  }
}

const jobOf = (words: readonly string[]) => `
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root KUBETS_E2E_PATIENCE=10 KUBETS_E2E_RESULTS=/tmp/results.json
cd /checkout
echo "kernel $(uname -r), control groups $(stat -fc %T /sys/fs/cgroup)"
node_modules/.bin/node --disable-warning=ExperimentalWarning e2e/main.ts ${words.map((word) => JSON.stringify(word)).join(" ")}
echo "job ended with $?"
`;

/** The exit code of the job; what it says is shown as it comes. */
function boot({ kernel, initrd, disk }: ReturnType<typeof machineImage>, job: string): Promise<number> {
  const share = (tag: string, path: string, more = "") => [
    "-virtfs",
    `local,path=${path},mount_tag=${tag},security_model=none${more}`,
  ];
  const machine = spawn(
    "qemu-system-x86_64",
    [
      ...MACHINE,
      "-kernel",
      kernel,
      "-initrd",
      initrd,
      "-append",
      KERNEL_LINE,
      "-drive",
      `file=${disk},format=raw,if=virtio,snapshot=on`,
      ...share("checkout", root, ",readonly=on"),
      ...share("job", job),
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const timer = setTimeout(() => machine.kill(), LONGEST_MS);
  return new Promise((resolve, reject) => {
    let said = "";
    machine.stdout.setEncoding("utf8").on("data", (text: string) => {
      process.stdout.write(text);
      said = (said + text).slice(-10_000);
    });
    machine.once("error", reject);
    machine.once("exit", () => {
      clearTimeout(timer);
      resolve(Number(/job ended with (\d+)/.exec(said)?.[1] ?? 1));
    });
  });
}
