/** Tables of many rows: each of them can be reached, found and seen to go, and the page holds no more of them than it shows. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { pods } from "@kubets/api/generated/refs";
import { whyNoBrowser } from "../browser.ts";
import { eventually } from "../cluster.ts";
import { addPod, type Crowd, openCrowd } from "./crowd.ts";
import type { User } from "./dashboard.ts";

const PODS = 3000;
/** Of rows, whatever the table's length. */
const MOST_DRAWN = 150;

/** In the page: the row that stands in the middle of the window. */
const MIDDLE = `(() => {
  const row = document.elementFromPoint(700, innerHeight / 2)?.closest("tr[aria-rowindex]");
  return row && { at: Number(row.getAttribute("aria-rowindex")) - 2, name: row.querySelector("a").innerText };
})()`;

describe("a table of thousands of pods", { skip: whyNoBrowser() ?? false }, () => {
  let crowd: Crowd;
  let user: User;
  const drawn = () => user.page.evaluate("document.querySelectorAll('tr[aria-rowindex]').length") as Promise<number>;
  const rows = () => user.page.evaluate("document.querySelector('table').ariaRowCount - 1") as Promise<number>;
  const remove = (name: string) => crowd.client.delete(pods, { namespace: "default", name }, { gracePeriodSeconds: 0 });
  before(async () => {
    crowd = await openCrowd({ nodes: 30, pods: PODS });
    user = await crowd.open("#/pods.v1");
    await eventually("all rows", async () => (await rows()) === PODS);
  });
  after(() => crowd?.close());

  it("scrolls to any row, and draws no more than are in sight", async () => {
    for (const part of [0, 0.25, 0.5, 0.99, 0.1, 1]) {
      const expected = Math.floor(part * (PODS - 1));
      await eventually(`row ${expected}`, async () => {
        await user.page.evaluate(`scrollTo(0, ${part} * (document.documentElement.scrollHeight - innerHeight))`);
        const middle = (await user.page.evaluate(MIDDLE)) as { readonly at: number; readonly name: string } | null;
        return middle?.name === `web-${middle?.at}` && Math.abs(middle.at - expected) < 40;
      });
      assert.ok((await drawn()) <= MOST_DRAWN);
    }
    await user.sees("web-2999");
  });

  it("keeps its columns as wide as they are, whichever rows are drawn", async () => {
    const widths = () =>
      user.page.evaluate("[...document.querySelectorAll('th')].map((th) => th.offsetWidth).join(' ')");
    await user.sees("web-2999");
    const atEnd = await widths();
    await user.page.evaluate("scrollTo(0, 0)");
    await user.sees(/\bweb-0\b/);
    assert.equal(await widths(), atEnd);
  });

  it("finds any pod, also where the page was scrolled far down", async () => {
    await user.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)");
    await user.fills("Filter", "web-1234");
    await eventually("one row", async () => (await rows()) === 1 && (await drawn()) === 1);
    await user.sees("web-1234");
    await user.fills("Filter", "node-7");
    await user.clicks("All columns");
    await eventually("its row", async () => (await rows()) === PODS / 30);
    await user.clicks("All columns");
    await user.fills("Filter", "");
    await eventually("all rows", async () => (await rows()) === PODS);
  });

  it("puts rows in order, and keeps them so while they change", async () => {
    await user.page.evaluate("scrollTo(0, 0)");
    await user.clicks("Restarts");
    await user.clicks("Restarts");
    const key = { namespace: "default", name: "web-2345" };
    const restarted = { name: "c", image: "demo", imageID: "demo", ready: true, restartCount: 12 };
    const body = { status: { containerStatuses: [{ ...restarted, state: {} }] } };
    await crowd.client.patch(pods, key, { type: "merge", body }, { subresource: "status" });
    await user.sees(/Age\s+default\s+web-2345\s+0\/1\s+Running\s+12\b/);
    await user.clicks("Name");
    await user.sees(/Age\s+default\s+web-0\b/);
  });

  it("loses pods that go and shows those that come, at their places", async () => {
    await user.sees(/\bweb-3\b/);
    await remove("web-3");
    await eventually("one less", async () => (await rows()) === PODS - 1);
    assert.doesNotMatch(await user.shown(), /\bweb-3\b/);
    await addPod(crowd.client, "web-3", "node-3");
    await user.sees(/web-2\s.*web-3\s.*web-4\s/s);
    assert.equal(await rows(), PODS);
  });

  it("selects all of them, drawn or not", async () => {
    await user.clicks("Select all");
    await user.sees(`Delete ${PODS} …`);
    await user.clicks("Select web-1");
    await user.sees(`Delete ${PODS - 1} …`);
  });

  it("counts them on the overview and on the page of their node", async () => {
    await user.goes("#/");
    await user.sees(`${PODS} Running`);
    await user.sees("30 of 30 ready");
    await user.goes("#/nodes.v1/-/node-7");
    await user.sees(/Pods 100\b/);
    // Nobody measures here what they use.
    assert.doesNotMatch(await user.shown(), /^Usage$/m);
  });
});
