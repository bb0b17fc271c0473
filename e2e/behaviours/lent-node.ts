/** This machine's own Node, lent to a container of any image: for servers that no shell can be. */
import { dirname } from "node:path";

const FOLDERS = [...new Set(["/usr", "/lib", "/lib64", dirname(process.execPath)])];

/** Of the container that runs the program. */
export const lentNode = (program: string) => ({
  command: [process.execPath, "-e", program],
  volumeMounts: FOLDERS.map((mountPath, i) => ({ name: `lent-${i}`, mountPath, readOnly: true })),
});

/** Of its pod. */
export const lentVolumes = FOLDERS.map((path, i) => ({ name: `lent-${i}`, hostPath: { path } }));
