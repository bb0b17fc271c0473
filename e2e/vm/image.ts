/**
 * The disk of a virtual machine: Debian with systemd, cgroup v2 and the programs that nodes need, made once from Debian's packages and kept. It
 * boots into one unit, which runs the job that the host shares with it and switches the machine off.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const PACKAGES = [
  "systemd systemd-sysv dbus udev kmod linux-image-amd64 initramfs-tools procps util-linux ca-certificates",
  "containerd runc containernetworking-plugins nftables iptables conntrack iproute2 busybox-static libatomic1",
  "nfs-kernel-server nfs-common tgt open-iscsi e2fsprogs",
].flatMap((line) => line.split(" "));

const MOUNT = "mount -t 9p -o trans=virtio,version=9p2000.L";
const UNIT = `[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'mkdir -p /checkout /job; ${MOUNT},ro,msize=1048576,cache=loose checkout /checkout; ${MOUNT} job /job; sh /job/run.sh; systemctl poweroff --force'
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
[Install]
WantedBy=multi-user.target
`;
/** What would talk on the console, reach for the network, keep an emulated machine busy, or be there before a test starts its own. */
const MASKED = [
  ..."getty@tty1 serial-getty@ttyS0 containerd apt-daily.timer apt-daily-upgrade.timer".split(" "),
  ..."e2scrub_reap e2scrub_all.timer fstrim.timer dpkg-db-backup.timer run-rpc_pipefs.mount".split(" "),
  ..."nfs-server nfs-blkmap rpcbind rpcbind.socket rpc-statd tgt iscsid iscsid.socket open-iscsi".split(" "),
];

export interface MachineImage {
  readonly kernel: string;
  readonly initrd: string;
  readonly disk: string;
}

export function machineImage(say: (line: string) => void): MachineImage {
  const recipe = createHash("sha256")
    .update(JSON.stringify([PACKAGES, UNIT, MASKED]))
    .digest("hex")
    .slice(0, 12);
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "kubets");
  const folder = join(cache, `vm-${recipe}`);
  if (!existsSync(folder)) {
    say("making the machine's disk from Debian's packages (some minutes, once)");
    make(`${folder}.part`);
    renameSync(`${folder}.part`, folder);
  }
  return { kernel: join(folder, "vmlinuz"), initrd: join(folder, "initrd"), disk: join(folder, "disk.ext4") };
}

function make(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  const root = join(folder, "root");
  mkdirSync(folder, { recursive: true });
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  try {
    run("mmdebstrap", "--variant=minbase", "--format=directory", `--include=${PACKAGES.join(",")}`, "bookworm", root);
    writeFileSync(join(root, "etc/systemd/system/job.service"), UNIT);
    appendFileSync(join(root, "etc/modules"), "9p\n");
    writeFileSync(join(root, "etc/iscsi/initiatorname.iscsi"), "InitiatorName=iqn.2026-01.com.example:machine\n");
    run("chroot", root, "systemctl", "enable", "job.service");
    run("chroot", root, "systemctl", "mask", ...MASKED);
    for (const name of ["vmlinuz", "initrd"])
      copyFileSync(globSync(join(root, "boot", `${name}*`))[0] ?? name, join(folder, name));
    run("mke2fs", "-q", "-t", "ext4", "-d", root, join(folder, "disk.ext4"), "4G");
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
