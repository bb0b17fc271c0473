/** A reporter of Node's test runner that writes how many tests passed, failed and were skipped, and what failed. */
export default async function* count(source) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for await (const { type, data } of source) {
    if (data?.details?.type === "suite") continue;
    if (type === "test:pass") counts[data.skip ? "skipped" : "passed"]++;
    else if (type === "test:fail") counts.failed++;
  }
  yield JSON.stringify(counts);
}
