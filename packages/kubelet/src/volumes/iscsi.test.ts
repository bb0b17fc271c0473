import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import { VirtualClock } from "@kubets/machinery";
import type { MountWish } from "../disk/disk.ts";
import { MemoryDisk } from "../disk/memory-disk.ts";
import { type IscsiSource, IscsiVolumes } from "./iscsi.ts";

const IQN = "iqn.2026-01.example.com:disk";
const source = { targetPortal: "192.0.2.5", iqn: IQN, lun: 3 } as IscsiSource;
const paths = { root: "/kubelet", podLogs: "/logs" };

/** A node whose programs are played: iscsiadm makes devices, blkid says what is on them. */
function node() {
  const disk = new MemoryDisk();
  const clock = new VirtualClock();
  const ran: string[] = [];
  const mounts: MountWish[] = [];
  const mount = disk.mount.bind(disk);
  disk.mount = async (wish) => {
    mounts.push(wish);
    await mount(wish);
  };
  const state = { content: "", refused: new Set<string>(), missing: false };
  const run = async (argv: readonly string[]) => {
    const line = argv.join(" ");
    if (state.missing) throw Object.assign(new Error("spawn iscsiadm ENOENT"), { code: "ENOENT" });
    ran.push(line);
    const portal = argv[argv.indexOf("-p") + 1] ?? "";
    if (state.refused.has(portal) && line.includes("--discover")) throw new Error(`${line} ended with 4: refused`);
    if (line.endsWith("--login")) {
      await disk.makeFolder("/dev/disk/by-path");
      await disk.writeFile(`/dev/disk/by-path/ip-${portal}-iscsi-${IQN}-lun-3`, "");
    }
    if (argv[0] === "blkid" && !state.content) throw new Error(`${line} ended with 2: `);
    return { stdout: Buffer.from(argv[0] === "blkid" ? `TYPE=${state.content}\n` : "") };
  };
  const volumes = () => new IscsiVolumes({ exec: { run }, disk, paths, clock });
  const folderOf = (uid: string) => `/kubelet/pods/${uid}/volumes/kubernetes.io~iscsi/v`;
  const setUp = (uid: string, more: Partial<IscsiSource> = {}, by = volumes(), isBlock = false) =>
    by.setUp({
      pod: pod(uid).uid(uid).build(),
      source: { ...source, ...more } as IscsiSource,
      folder: folderOf(uid),
      isBlock,
      mountOptions: ["noatime"],
      secret: { "node.session.auth.username": "me", "node.session.auth.password": "hush" },
    });
  return { disk, clock, ran, mounts, state, volumes, setUp, folderOf };
}

test("a disk is logged in and mounted once, shown to each pod, and logged out after the last, by whichever kubelet", async () => {
  const { disk, ran, mounts, volumes, setUp, folderOf } = node();
  const first = volumes();
  assert.deepEqual(await setUp("a", {}, first), { path: folderOf("a"), readOnly: false });
  const device = `/dev/disk/by-path/ip-192.0.2.5:3260-iscsi-${IQN}-lun-3`;
  const target = `/kubelet/plugins/kubernetes.io/iscsi/192.0.2.5:3260-${IQN}-lun-3/mount`;
  assert.deepEqual(mounts, [{ type: "ext4", source: device, target, options: ["noatime"] }]);
  const at = `-p 192.0.2.5:3260 -T ${IQN} -I default`;
  assert.deepEqual(ran, [
    "iscsiadm -m discoverydb -t sendtargets -p 192.0.2.5:3260 -I default -o new --discover",
    `iscsiadm -m node ${at} --login`,
    `iscsiadm -m node ${at} -o update -n node.startup -v manual`,
    `blkid -p -s TYPE -s PTTYPE -o export ${device}`,
    `mkfs.ext4 -F -m0 ${device}`,
  ]);
  await setUp("b", {}, first);
  await setUp("a", {}, first);
  assert.equal(mounts.length, 1);
  const later = volumes();
  await later.tearDown("a");
  assert.deepEqual(await disk.mountsBelow("/kubelet/pods"), [folderOf("b")]);
  assert.equal(
    ran.some((line) => line.endsWith("--logout")),
    false,
  );
  await later.tearDown("b");
  assert.deepEqual(ran.slice(-2), [`iscsiadm -m node ${at} --logout`, `iscsiadm -m node ${at} -o delete`]);
  assert.deepEqual(await disk.mountsBelow("/kubelet"), []);
  assert.deepEqual(await disk.list("/kubelet/plugins/kubernetes.io/iscsi"), []);
});

test("another portal serves when one does not; none is an error with the last reason", async () => {
  const { mounts, state, setUp } = node();
  state.refused.add("192.0.2.5:3260");
  await assert.rejects(setUp("a"), /failed to get any path for iscsi disk, last err seen:\n.*ended with 4: refused/s);
  await setUp("b", { portals: ["192.0.2.6:3261"] });
  assert.match(mounts[0]?.source ?? "", /ip-192\.0\.2\.6:3261-/);
});

test("what is on a disk stays", async () => {
  const { ran, state, setUp } = node();
  state.content = "xfs";
  await assert.rejects(setUp("a"), /already contains xfs/);
  state.content = "ext4";
  await setUp("b");
  assert.equal(
    ran.some((line) => line.startsWith("mkfs")),
    false,
  );
  state.content = "";
  const other = node();
  await assert.rejects(other.setUp("c", { readOnly: true }), /cannot mount unformatted disk .* as it is read only/);
});

test("passwords are set before the login, and a block volume is the device itself", async () => {
  const { ran, mounts, volumes, setUp } = node();
  const mounted = await setUp("a", { chapAuthSession: true }, volumes(), true);
  assert.deepEqual(mounted, { path: `/dev/disk/by-path/ip-192.0.2.5:3260-iscsi-${IQN}-lun-3`, readOnly: false });
  const told = ran.filter((line) => line.includes("node.session.auth"));
  assert.deepEqual(
    told.map((line) => line.split(" -n ")[1]),
    ["node.session.auth.authmethod -v CHAP", "node.session.auth.username -v me", "node.session.auth.password -v hush"],
  );
  assert.ok(ran.indexOf(told[0] ?? "") < ran.findIndex((line) => line.endsWith("--login")));
  assert.deepEqual(mounts, []);
});

test("a node without the program says what to install", async () => {
  const { disk, state, setUp, volumes } = node();
  state.missing = true;
  await assert.rejects(setUp("a"), /the node has no iscsiadm: install open-iscsi there/);
  await volumes().tearDown("a");
  assert.deepEqual(await disk.list("/kubelet/plugins/kubernetes.io/iscsi"), []);
});
