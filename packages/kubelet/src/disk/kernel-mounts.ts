/**
 * Mounting without a program: starting one costs a busy kubelet 10 ms of its thread, the system call a tenth of one.
 * Holds: only for what the kernel does at once (file systems in memory, binds); what talks to a disk or a network may take long and goes to
 * `mount` and `umount`. Undefined where this Node has no `node:ffi`.
 */
import { getSystemErrorName } from "node:util";

interface KernelMounts {
  mountTmpfs(path: string, options: string): void;
  bind(from: string, to: string): void;
  unmount(path: string): void;
}

const MS_BIND = 0x1000n;

export async function kernelMounts(): Promise<KernelMounts | undefined> {
  const ffi = await import("node:ffi").catch(() => undefined);
  if (!ffi || process.platform !== "linux") return undefined;
  const { functions: c } = ffi.dlopen(null, {
    mount: { arguments: ["string", "string", "string", "u64", "string"], return: "i32" },
    umount2: { arguments: ["string", "i32"], return: "i32" },
    __errno_location: { arguments: [], return: "pointer" },
  });
  const check = (result: number, what: string): void => {
    if (result === 0) return;
    const code = getSystemErrorName(-ffi.getInt32(c.__errno_location(), 0));
    throw Object.assign(new Error(`${what}: ${code}`), { code });
  };
  return {
    mountTmpfs: (path, options) => check(c.mount("tmpfs", path, "tmpfs", 0n, options), `mount tmpfs on ${path}`),
    bind: (from, to) => check(c.mount(from, to, "", MS_BIND, ""), `bind ${from} to ${to}`),
    unmount: (path) => check(c.umount2(path, 0), `unmount ${path}`),
  };
}
