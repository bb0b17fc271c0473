/** What versions of etcd get right. */

/**
 * Whether a watch's progress can be believed: etcd before 3.4.31 and 3.5.13 may report progress ahead of events that it has
 * not sent.
 */
export function progressReliable(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.+-]/).map(Number);
  if (major !== 3) return major > 3;
  if (minor === 4) return patch >= 31;
  if (minor === 5) return patch >= 13;
  return minor > 5;
}
