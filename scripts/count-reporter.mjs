/** A reporter of Node's test runner that writes how many tests passed, failed and were skipped, and how many seconds each file took. */
export default async function* count(source) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const seconds = {};
  for await (const { type, data } of source) {
    if ((type === "test:pass" || type === "test:fail") && data.nesting === 0)
      seconds[data.file] = (seconds[data.file] ?? 0) + data.details.duration_ms / 1000;
    if (data?.details?.type === "suite") continue;
    if (type === "test:pass") counts[data.skip ? "skipped" : "passed"]++;
    else if (type === "test:fail") counts.failed++;
  }
  yield JSON.stringify({ counts, seconds });
}
