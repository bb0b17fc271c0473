/** The root of a small image: Debian's static busybox with all its tools, and what is given besides. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const FOLDERS = ["bin", "dev", "etc", "proc", "root", "sys", "tmp", "usr/bin", "var"];
const ACCOUNTS = {
  "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
  "etc/group": "root:x:0:\nnobody:x:65534:\n",
};

/** `programs` are executable files by path; the folder is gone afterwards. */
export function withBusyboxRoot(programs: Readonly<Record<string, string>>, use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "kubets-root-"));
  try {
    for (const path of FOLDERS) mkdirSync(join(folder, path), { recursive: true });
    const busybox = execFileSync("sh", ["-c", "command -v busybox"], { encoding: "utf8" }).trim();
    cpSync(busybox, join(folder, "bin/busybox"));
    for (const tool of execFileSync(busybox, ["--list"], { encoding: "utf8" }).trim().split("\n"))
      if (tool !== "busybox") symlinkSync("busybox", join(folder, "bin", tool));
    for (const [path, content] of Object.entries({ ...ACCOUNTS, ...programs })) {
      mkdirSync(join(folder, dirname(path)), { recursive: true });
      writeFileSync(join(folder, path), content, { mode: path in programs ? 0o755 : 0o644 });
    }
    use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
