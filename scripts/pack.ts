/** `npm run pack`: makes the tarball of the one package that is published: the bundle and the command; npm brings Node beside them. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string) =>
  JSON.parse(readFileSync(join(root, path), "utf8")) as Record<string, Record<string, string>>;

export async function pack(): Promise<string> {
  const dist = await build();
  const staging = join(root, "dist", "package");
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  cpSync(dist, join(staging, "dist"), { recursive: true });
  cpSync(join(root, "packages/kubets/bin"), join(staging, "bin"), { recursive: true });
  for (const file of ["README.md", "README.zh-CN.md", "LICENSE"]) cpSync(join(root, file), join(staging, file));
  const { dependencies: _bundled, devDependencies: _dev, ...manifest } = read("packages/kubets/package.json");
  writeFileSync(
    join(staging, "package.json"),
    `${JSON.stringify(
      {
        ...manifest,
        exports: { ".": "./dist/index.js" },
        files: ["bin", "dist"],
        optionalDependencies: read("package.json")["optionalDependencies"],
      },
      undefined,
      2,
    )}\n`,
  );
  const name = execFileSync("npm", ["pack", "--silent", staging], { cwd: join(root, "dist"), encoding: "utf8" }).trim();
  return join(root, "dist", name);
}

if (import.meta.main) console.log(await pack());
