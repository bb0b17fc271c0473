/** Many services are worked on in turns: whoever shares the process gets on meanwhile. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { inTurns } from "@kubets/machinery/turns";
import { Ruleset as IptablesRuleset } from "./iptables/ruleset.ts";
import { Ruleset as NftablesRuleset } from "./nftables/ruleset.ts";
import { ServicePlanner } from "./planner.ts";
import { endpoint, service, slice } from "./testing/objects.ts";

/** How often others had their turn while it went on. */
async function othersDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isOver = false;
  const others = () => {
    turns++;
    if (!isOver) setImmediate(others);
  };
  setImmediate(others);
  await work();
  isOver = true;
  return turns;
}

it("plans and renders many services in turns, to the same end", async () => {
  const [planner, atOnce] = [1, 2].map(() => new ServicePlanner({ name: "here", labels: {} })) as [
    ServicePlanner,
    ServicePlanner,
  ];
  for (let i = 0; i < 3000; i++)
    for (const each of [planner, atOnce]) {
      each.putService(service(`s${i}`, { clusterIPs: [`10.0.${i >> 8}.${i & 255}`] }));
      each.putSlice(slice(`s${i}-1`, `s${i}`, [endpoint("1"), endpoint("2")]));
    }
  assert.ok((await othersDuring(() => inTurns(() => planner.takeChange()))) > 2);
  atOnce.takeChange();
  assert.deepEqual(planner.plan, atOnce.plan);

  const ports = [...planner.plan.ports.values()];
  const rules = { clusterCidrs: [], masqueradeMark: 1, masqueradeAll: false, nodePortAddresses: [] };
  const nftables = new NftablesRuleset({ ...rules, serviceCidrs: [] });
  assert.ok((await othersDuring(() => nftables.change(ports, []))) > 2);
  assert.deepEqual([...(await nftables.change(ports, []))], [], "nothing is left to change");
  const iptables = new IptablesRuleset(false, rules);
  assert.ok((await othersDuring(() => iptables.change(ports, []))) > 2);
  assert.deepEqual(await iptables.change(ports, []), [], "nothing is left to change");
});
