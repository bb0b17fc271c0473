/** What /version says: the release whose API this is. */
import { programVersion } from "@kubets/machinery/release";

export const versionInfo = {
  major: programVersion.major,
  minor: programVersion.minor,
  emulationMajor: programVersion.major,
  emulationMinor: programVersion.minor,
  minCompatibilityMajor: "1",
  minCompatibilityMinor: "35",
  gitVersion: programVersion.gitVersion,
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "2026-01-01T00:00:00Z",
  goVersion: "",
  compiler: "node",
  platform: `${process.platform}/${process.arch === "x64" ? "amd64" : process.arch}`,
};
