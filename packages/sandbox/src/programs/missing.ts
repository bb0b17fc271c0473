/** Which of Debian's packages bring what is missing. Pure. */
import type { ProgramName, Programs } from "./find.ts";

const PACKAGES: Readonly<Record<ProgramName, string>> = {
  containerd: "containerd",
  ctr: "containerd",
  runc: "runc",
  nft: "nftables",
  ip: "iproute2",
  nsenter: "util-linux",
  unshare: "util-linux",
  mount: "mount",
  iptables: "iptables",
  conntrack: "conntrack",
  busybox: "busybox-static",
};
const CNI_PACKAGE = "containernetworking-plugins";

/** Good to have: a node runs without them. */
const OPTIONAL: readonly ProgramName[] = ["conntrack"];

interface Missing {
  /** Names of programs, for people. */
  readonly programs: readonly string[];
  readonly packages: readonly string[];
}

export function missing({ paths, cniFolder }: Programs): Missing {
  const programs = (Object.keys(PACKAGES) as ProgramName[]).filter((name) => !paths[name]);
  const packages = new Set(programs.map((name) => PACKAGES[name]));
  if (!cniFolder) packages.add(CNI_PACKAGE);
  return {
    programs: [...programs.filter((name) => !OPTIONAL.includes(name)), ...(cniFolder ? [] : ["CNI plugins"])],
    packages: [...packages],
  };
}
