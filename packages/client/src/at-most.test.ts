import assert from "node:assert/strict";
import { it } from "node:test";
import { atMost } from "./at-most.ts";
import type { ApiRequest, ApiResponse } from "./transport.ts";

const POD = "/api/v1/namespaces/a/pods/";

/** What was asked so far, each answered when the test says so. */
function slowServer() {
  const asked: (ApiRequest & { answer(): void; fail(): void })[] = [];
  const request = (each: ApiRequest) =>
    new Promise<ApiResponse>((resolve, reject) => {
      asked.push({ ...each, answer: () => resolve({} as ApiResponse), fail: () => reject(new Error("broken")) });
    });
  const transport = atMost(2, { request, close: () => {} });
  const get = (path: string, signal?: AbortSignal) =>
    transport.request({ method: "GET", path, ...(signal && { signal }) });
  return { asked, get, paths: () => asked.map(({ path }) => path.replace(POD, "")) };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

it("asks for so much at once, then in order as answers come, also when one fails", async () => {
  const { asked, get, paths } = slowServer();
  const [first, second] = ["a", "b", "c", "d"].map((name) => get(POD + name)) as [Promise<unknown>, Promise<unknown>];
  assert.deepEqual(paths(), ["a", "b"]);
  asked[1]?.answer();
  await second;
  await turn();
  assert.deepEqual(paths(), ["a", "b", "c"]);
  asked[0]?.fail();
  await assert.rejects(first, /broken/);
  await turn();
  assert.deepEqual(paths(), ["a", "b", "c", "d"]);
  for (const { answer } of asked) answer();
  await turn();
  void get(`${POD}e`);
  void get(`${POD}f`);
  assert.deepEqual(paths(), ["a", "b", "c", "d", "e", "f"]);
});

it("lets a node's lease and status pass, and asks for nothing that nobody waits for any more", async () => {
  const { asked, get, paths } = slowServer();
  for (const name of ["a", "b"]) void get(POD + name);
  const stopping = new AbortController();
  const stopped = get(`${POD}c`, stopping.signal);
  void get(`${POD}d`);
  for (const vital of ["/apis/coordination.k8s.io/v1/leases/n", "/api/v1/nodes/n/status"]) {
    void get(vital);
    assert.equal(paths().at(-1), vital);
  }
  stopping.abort(new Error("stopped"));
  asked[0]?.answer();
  await assert.rejects(stopped, /stopped/);
  await turn();
  assert.equal(paths().at(-1), "d");
});
