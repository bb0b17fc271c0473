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
  const found = new Map<number, number>();
  for (const pid of readdirSync("/proc").map(Number)) {
    if (!pid || pid === process.pid) continue;
    try {
      const line = `${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")} `;
      if (marks[part](line)) found.set(pid, parentOf(pid));
    } catch {
      // It has ended.
    }
  }
  // What a process starts is its copy until it runs a program of its own.
  return [...found].flatMap(([pid, parent]) => (found.has(parent) ? [] : [pid]));
}

const parentOf = (pid: number) => Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[1]);
