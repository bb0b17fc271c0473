/** Jobs: completion, indexes, failure and success policies, adoption, status, the whole of a life. */
import assert from "node:assert/strict";
import { jobs, pods } from "@kubets/api/generated/refs";
import type { Job } from "@kubets/api/generated/types/batch-v1";
import { isReady } from "@kubets/api/pod/state";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { container, podSpec } from "../objects.ts";
import { statusVerbs } from "../verbs.ts";

const FOREVER = "sleep 3600";
const INDEX = "batch.kubernetes.io/job-completion-index";

const job = (command: string, spec: object = {}, pod: object = {}) => ({
  metadata: { name: "work", labels: {} as Record<string, string> },
  spec: { template: { spec: podSpec(command, { restartPolicy: "Never", ...pod }) }, ...spec },
});
const make = ({ client, namespace }: BehaviourContext, made: ReturnType<typeof job>) =>
  client.create(jobs, { ...made, metadata: { ...made.metadata, namespace } });
const podsOf = async ({ client, namespace }: BehaviourContext) =>
  (await client.list(pods, { namespace, labelSelector: "job-name=work" })).items;
const condition = (it: Job | undefined, type: string, reason?: string) =>
  it?.status.conditions?.find(
    (each) => each.type === type && each.status === "True" && (reason === undefined || each.reason === reason),
  );
const ends = (t: BehaviourContext, type: "Complete" | "Failed", reason?: string) =>
  t.until(jobs, "work", `the Job to be ${type}`, (it) => condition(it, type, reason), 90_000);
const running = (t: BehaviourContext, count: number) =>
  t.until(jobs, "work", `${count} ready pods`, (it) => it?.status.ready === count);

behaviour(
  "[sig-apps] Job should adopt matching orphans and release non-matching pods [Conformance]",
  { on: "simulated" },
  async (t) => {
    const { client, namespace } = t;
    const made = await make(t, job(FOREVER, { parallelism: 2, completions: 2 }));
    await running(t, 2);
    const all = await podsOf(t);
    assert.equal(all.length, 2);
    const [first] = all;
    const name = first?.metadata.name ?? "";
    const merge = (metadata: object) => client.patch(pods, { namespace, name }, { type: "merge", body: { metadata } });
    await merge({ ownerReferences: null });
    await t.until(pods, name, "the orphan to be adopted again", (pod) =>
      pod?.metadata.ownerReferences?.some(({ uid, controller }) => uid === made.metadata.uid && controller),
    );
    await merge({
      labels: {
        "job-name": "other",
        "batch.kubernetes.io/job-name": "other",
        "controller-uid": "x",
        "batch.kubernetes.io/controller-uid": "x",
      },
    });
    await t.until(pods, name, "the pod to be released", (pod) => pod && !pod.metadata.ownerReferences?.length);
  },
);

behaviour(
  "[sig-apps] Job should allow to use a pod failure policy to ignore failure matching on DisruptionTarget condition [Conformance]",
  { on: "containers" },
  async (t) => {
    // Each index runs until it was evicted once, which it knows by a marker on its node; then it succeeds.
    const marker = `/tmp/${t.namespace}`;
    const command = `if [ -e /host/$JOB_COMPLETION_INDEX ]; then exit 0; fi; touch /host/$JOB_COMPLETION_INDEX; trap 'exit 5' TERM; while :; do sleep 1; done`;
    const host = { volumes: [{ name: "host", hostPath: { path: marker, type: "DirectoryOrCreate" } }] };
    await make(
      t,
      job(
        command,
        {
          completions: 2,
          parallelism: 2,
          completionMode: "Indexed",
          backoffLimit: 0,
          podFailurePolicy: {
            rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }],
          },
        },
        {
          ...host,
          // The marker is on the node: the second try must come to the same one.
          nodeName: t.cluster.nodes[0],
          containers: [container(command, { volumeMounts: [{ name: "host", mountPath: "/host" }] })],
        },
      ),
    );
    await running(t, 2);
    const first = await podsOf(t);
    await t.eventually(
      "both markers",
      async () => (await t.exec(first[0]?.metadata.name ?? "", ["ls", "/host"])).trim().split("\n").length === 2,
    );
    for (const { metadata } of first) {
      const path = `/api/v1/namespaces/${t.namespace}/pods/${metadata.name}/eviction`;
      const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: metadata.name } };
      assert.equal((await t.request("POST", path, body)).status, 201);
    }
    const done = await ends(t, "Complete");
    assert.deepEqual([done.status.succeeded, done.status.failed ?? 0], [2, 0]);
  },
);

behaviour(
  "[sig-apps] Job should allow to use the pod failure policy on exit code to fail the job early [Conformance]",
  { on: "simulated" },
  async (t) => {
    const rules = [{ action: "FailJob", onExitCodes: { containerName: "c", operator: "In", values: [1] } }];
    await make(
      t,
      job("[ $JOB_COMPLETION_INDEX = 0 ] && exit 1; sleep 3600", {
        completions: 2,
        parallelism: 2,
        completionMode: "Indexed",
        backoffLimit: 6,
        podFailurePolicy: { rules },
      }),
    );
    const failed = await ends(t, "Failed", "PodFailurePolicy");
    assert.match(
      condition(failed, "Failed")?.message ?? "",
      /failed with exit code 1 matching FailJob rule at index 0/,
    );
  },
);

behaviour("[sig-apps] Job should apply changes to a job status [Conformance]", { on: "simulated" }, async (t) => {
  await make(t, job(FOREVER, { parallelism: 2, completions: 4, backoffLimit: 6 }));
  await running(t, 2);
  await statusVerbs(t, jobs, "work");
  const { json } = await t.request("GET", `/apis/batch/v1/namespaces/${t.namespace}/jobs/work/status`);
  assert.equal(json.metadata.annotations.patchedstatus, "true");
});

behaviour(
  "[sig-apps] Job should create pods for an Indexed job with completion indexes and specified hostname [Conformance]",
  { on: "simulated" },
  async (t) => {
    await make(t, job("sleep 1", { completions: 4, parallelism: 2, completionMode: "Indexed" }));
    const done = await ends(t, "Complete");
    assert.equal(done.status.completedIndexes, "0-3");
    const succeeded = (await podsOf(t)).filter(({ status }) => status.phase === "Succeeded");
    assert.deepEqual(succeeded.map(({ metadata }) => metadata.annotations?.[INDEX] ?? "").toSorted(), [
      "0",
      "1",
      "2",
      "3",
    ]);
    for (const { metadata, spec } of succeeded) {
      assert.equal(spec.hostname, `work-${metadata.annotations?.[INDEX]}`);
      const env = spec.containers[0]?.env?.find(({ name }) => name === "JOB_COMPLETION_INDEX");
      assert.match(env?.valueFrom?.fieldRef?.fieldPath ?? "", /batch.kubernetes.io\/job-completion-index/);
    }
  },
);

behaviour("[sig-apps] Job should manage the lifecycle of a job [Conformance]", { on: "simulated" }, async (t) => {
  const { client, namespace } = t;
  const labelSelector = `life=${t.namespace}`;
  const given = job(FOREVER, { suspend: true, parallelism: 2, completions: 2 });
  given.metadata.labels = { life: t.namespace };
  await make(t, given);
  await t.until(jobs, "work", "the Job to be suspended", (it) => condition(it, "Suspended"));
  const body = { metadata: { labels: { patched: "yes" } } };
  await client.patch(jobs, { namespace, name: "work" }, { type: "strategic", body });
  assert.equal((await client.get(jobs, { namespace, name: "work" })).metadata.labels?.patched, "yes");
  await t.eventually("a replacement without a conflict", async () => {
    const path = `/apis/batch/v1/namespaces/${namespace}/jobs/work`;
    const { json } = await t.request("GET", path);
    const replaced = {
      ...json,
      metadata: { ...json.metadata, annotations: { updated: "yes" } },
      spec: { ...json.spec, suspend: false },
    };
    return (await t.request("PUT", path, replaced)).status === 200;
  });
  const updated = await running(t, 2);
  assert.equal(updated.metadata.annotations?.updated, "yes");
  assert.equal((await client.list(jobs, { labelSelector })).items.length, 1);
  await client.deleteCollection(jobs, { namespace, labelSelector, propagationPolicy: "Background" });
  await t.untilGone(jobs, "work");
  assert.equal((await client.list(jobs, { labelSelector })).items.length, 0);
});

behaviour(
  "[sig-apps] Job should mark indexes as failed when the FailIndex action is matched in podFailurePolicy [Conformance]",
  { on: "simulated" },
  async (t) => {
    await make(
      t,
      job("[ $JOB_COMPLETION_INDEX = 0 ] && exit 42; exit 0", {
        completions: 2,
        parallelism: 2,
        completionMode: "Indexed",
        backoffLimitPerIndex: 1,
        podFailurePolicy: { rules: [{ action: "FailIndex", onExitCodes: { operator: "In", values: [42] } }] },
      }),
    );
    const failed = await ends(t, "Failed", "FailedIndexes");
    assert.deepEqual([failed.status.failedIndexes, failed.status.completedIndexes], ["0", "1"]);
    // It was not tried again, although it might have been.
    assert.deepEqual([failed.status.failed, failed.status.succeeded], [1, 1]);
  },
);

behaviour(
  "[sig-apps] Job should run a job to completion when tasks sometimes fail and are locally restarted [Conformance]",
  { on: "containers" },
  async (t) => {
    const command = "if [ -e /data/seen ]; then exit 0; fi; touch /data/seen; exit 1";
    await make(
      t,
      job(
        command,
        { completions: 3, parallelism: 2 },
        {
          restartPolicy: "OnFailure",
          volumes: [{ name: "data", emptyDir: {} }],
          containers: [container(command, { volumeMounts: [{ name: "data", mountPath: "/data" }] })],
        },
      ),
    );
    const done = await ends(t, "Complete");
    assert.equal(done.status.succeeded, 3);
    for (const { status } of await podsOf(t)) assert.equal(status.containerStatuses?.[0]?.restartCount, 1);
  },
);

behaviour(
  "[sig-apps] Job should terminate job execution when the number of failed indexes exceeds maxFailedIndexes [Conformance]",
  { on: "simulated" },
  async (t) => {
    // Even indexes fail; the last ones are never begun.
    await make(
      t,
      job("[ $JOB_COMPLETION_INDEX = 0 ] && exit 1; [ $JOB_COMPLETION_INDEX = 2 ] && exit 1; sleep 3600", {
        completions: 10,
        parallelism: 4,
        completionMode: "Indexed",
        backoffLimitPerIndex: 0,
        maxFailedIndexes: 1,
      }),
    );
    const failed = await ends(t, "Failed", "MaxFailedIndexesExceeded");
    assert.equal(failed.status.failedIndexes, "0,2");
    assert.equal(failed.status.completedIndexes ?? "", "");
  },
);

const succeeds = (title: string, command: string, spec: object, completed: string) =>
  behaviour(`[sig-apps] Job with successPolicy ${title} [Conformance]`, { on: "simulated" }, async (t) => {
    await make(t, job(command, { completionMode: "Indexed", ...spec }));
    const done = await ends(t, "Complete", "SuccessPolicy");
    assert.ok(condition(done, "SuccessCriteriaMet", "SuccessPolicy"));
    assert.equal(done.status.completedIndexes, completed);
    await t.eventually("no pod to be left running", async () => !(await podsOf(t)).some(isReady));
  });

succeeds(
  "should succeeded when all indexes succeeded",
  "exit 0",
  { completions: 2, parallelism: 2, successPolicy: { rules: [{ succeededCount: 2 }] } },
  "0,1",
);
succeeds(
  "succeededCount rule should succeeded even when some indexes remain pending",
  "[ $JOB_COMPLETION_INDEX = 0 ] && exit 0; sleep 3600",
  { completions: 2, parallelism: 2, successPolicy: { rules: [{ succeededCount: 1 }] } },
  "0",
);
succeeds(
  "succeededIndexes rule should succeeded even when some indexes remain pending",
  "[ $JOB_COMPLETION_INDEX = 0 ] && exit 0; sleep 3600",
  { completions: 2, parallelism: 2, successPolicy: { rules: [{ succeededIndexes: "0" }] } },
  "0",
);
