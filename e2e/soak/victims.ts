/** The processes of a cluster on this machine, found by what stands in their command lines: nobody else's are ever among them. */
import { readdirSync, readFileSync } from "node:fs";

export type Part = "agent" | "containerd" | "shim" | "server";

/** `home` is the folder and `name` the name of a cluster that this test made. */
export function processesOf(part: Part, home: string, name: string): number[] {
  const marks: Record<Part, (line: string) => boolean> = {
    agent: (line) => line.includes(" agent ") && line.includes(`--kubeconfig=${home}/`),
    server: (line) => line.includes(" server ") && line.includes(`--cluster=${name} `),
    containerd: (line) => /^\S*containerd --config /.test(line) && line.includes(`/run/kubets/${name}/nodes/`),
    shim: (line) => line.includes("containerd-shim") && line.includes(`/run/kubets/${name}/nodes/`),
  };
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    try {
      const line = `${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")} `;
      return marks[part](line) ? [Number(pid)] : [];
    } catch {
      return [];
    }
  });
}
