/** What is done with objects in the dashboard: logs that are followed, a shell, scaling, rollouts, nodes that are emptied. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "../cluster.ts";
import { type OpenDashboard, openDashboard, whyNoDashboard } from "./dashboard.ts";

const IMAGE = "kubets.local/demo:1";

/** Ends when it is told to, with exit code 3, and begins again. */
const TALKER = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "talker" },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [
      { name: "quiet", image: IMAGE, command: ["sleep", "1000"] },
      {
        name: "main",
        image: IMAGE,
        command: ["sh", "-c", "echo begun; until [ -e /tmp/stop ]; do sleep 0.1; done; echo over; exit 3"],
      },
    ],
  },
};

const WEB = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", annotations: { "kubernetes.io/change-cause": "the first" } },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: "web", image: IMAGE, command: ["sh", "-c", "echo I am $HOSTNAME; sleep 1000"] }],
      },
    },
  },
};

const BUDGET = {
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  metadata: { name: "web" },
  spec: { maxUnavailable: 0, selector: { matchLabels: { app: "web" } } },
};

describe("the tools of the dashboard", { skip: whyNoDashboard() }, () => {
  let dashboard: OpenDashboard;
  const kubectl = (...args: string[]) => dashboard.cluster.kubectl(args);
  const apply = (object: object) => dashboard.cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify(object) });
  const web = (path: string) => kubectl("get", "deployment/web", "-o", `jsonpath={${path}}`);
  before(async () => {
    dashboard = await openDashboard({ nodes: 2 });
    apply(TALKER);
    apply(WEB);
    kubectl("wait", "--for=condition=Ready", "pod/talker", "--timeout=30s");
    kubectl("rollout", "status", "deployment/web", "--timeout=30s");
  });
  after(() => dashboard?.close());

  it("has a shell, and logs that show what is written meanwhile, and go on when the container starts again", async () => {
    const logs = await dashboard.open("#/pods.v1/default/talker");
    await logs.clicks("Logs");
    await logs.chooses("Container", "main");
    await logs.sees("begun");
    await logs.clicks("Timestamps");
    await logs.sees(/^\d{4}-\d\d-\d\dT\S+ begun$/m);
    await logs.clicks("Timestamps");

    const shell = await dashboard.open("#/pods.v1/default/talker?container=main");
    await shell.clicks("Shell");
    await shell.sees("/ # ");
    await shell.page.type("echo said-$((6*7)) | tee /proc/1/fd/1");
    await shell.page.press("Enter");
    await shell.sees(/^said-42$/m);
    await logs.sees(/^said-42$/m);
    await logs.fills("Filter", "SAID");
    await logs.seesNoMore("begun");
    await logs.fills("Filter", "");

    await shell.page.type("exit 4");
    await shell.page.press("Enter");
    await shell.sees("The shell ended with exit code 4.");
    await shell.clicks("Start again");
    await shell.seesNoMore("The shell ended");
    await shell.sees("/ # ");
    await shell.page.type("touch /tmp/stop");
    await shell.page.press("Enter");
    await logs.sees(/over\n.*main started again.*\nbegun/s);
    await logs.clicks("Previous");
    await logs.sees(/begun\nsaid-42\nover\n/);
  });

  it("ends its shells, and what runs in them, when another tab is shown", async () => {
    const shells = () => kubectl("exec", "talker", "-c", "quiet", "--", "ps").match(/ sh$/gm)?.length ?? 0;
    const user = await dashboard.open("#/pods.v1/default/talker?tab=shell&container=quiet");
    await user.sees("/ # ");
    await user.page.type("echo busy; cat");
    await user.page.press("Enter");
    await user.sees(/^busy$/m);
    assert.equal(shells(), 1);
    await user.clicks("Summary");
    await eventually("no shell any more", () => shells() === 0);
  });

  it("starts a container to debug another one, and lands in its shell", async () => {
    const user = await dashboard.open("#/pods.v1/default/talker");
    await user.clicks("Debug");
    await user.fills("Image", IMAGE);
    await user.chooses("Sees the processes of", "quiet");
    await user.fills("Command", "sh -c 'echo looking; exec sh'");
    await user.answers("Start");
    await user.sees("Enter brings a prompt");
    await user.page.press("Enter");
    await user.sees("/ # ");
    await user.page.type("cat /proc/1/cmdline | tr '\\0' ' '");
    await user.page.press("Enter");
    await user.sees(/^sleep 1000/m);

    // Another tab leaves it as it is.
    await user.clicks("Summary");
    await user.sees(/Ephemeral containers\s+debugger-\w{5}.*State\s+Running/s);
    await user.clicks("Shell");
    await user.sees("Enter brings a prompt");
    await user.page.type("exit 7");
    await user.page.press("Enter");
    await user.sees(/There can be no shell now: debugger-\w{5} ended with exit code 7/);
  });

  it("says why a container to debug with does not start", async () => {
    const user = await dashboard.open("#/pods.v1/default/talker");
    await user.clicks("Debug");
    await user.fills("Image", "nowhere.invalid/none:1");
    await user.answers("Start");
    await user.sees(
      /There can be no shell now: debugger-\w{5} waits to start: (ErrImagePull|ImagePullBackOff), .*nowhere\.invalid/,
    );
  });

  it("scales, and shows the logs of all pods", async () => {
    const user = await dashboard.open("#/deployments.v1.apps/default/web");
    await user.clicks("Scale");
    await user.sees("1 are wanted, and there are 1.");
    await user.fills("Replicas", "3");
    await user.answers("Scale");
    await eventually("three pods", () => web(".status.readyReplicas") === "3");
    await user.clicks("Logs");
    await user.sees(/^\[(web-\S+)\] I am \1$(.*^\[(web-\S+)\] I am \3$){2}/ms);
  });

  it("restarts and rolls back", async () => {
    const user = await dashboard.open("#/deployments.v1.apps/default/web");
    const revision = "deployment\\.kubernetes\\.io/revision";
    await user.clicks("Restart");
    await user.answers("Restart");
    await user.sees("Deployment web is being restarted");
    await eventually("the second revision", () => web(`.metadata.annotations.${revision}`) === "2");
    assert.match(web(".spec.template.metadata.annotations"), /restartedAt/);
    kubectl("annotate", "deployment/web", "kubernetes.io/change-cause=the second", "--overwrite");
    await user.clicks("Roll back");
    await user.sees("Now it is at revision 2");
    await user.answers(/^revision 1: kubets.local\/demo:1 \(the first\)$/);
    await user.answers("Roll back");
    await eventually("the third revision", () => web(`.metadata.annotations.${revision}`) === "3");
    assert.equal(web(".spec.template.metadata.annotations"), "");
    assert.equal(web(".metadata.annotations.kubernetes\\.io/change-cause"), "the first");
    kubectl("rollout", "status", "deployment/web", "--timeout=30s");
  });

  it("closes a node and empties it, as far and as soon as budgets allow", async () => {
    const node = kubectl("get", "pod/talker", "-o", "jsonpath={.spec.nodeName}");
    const closed = () => kubectl("get", `node/${node}`, "-o", "jsonpath={.spec.unschedulable}") === "true";
    const hosts = () => kubectl("get", "pods", "-o", "jsonpath={.items[*].spec.nodeName}").split(" ");
    const user = await dashboard.open(`#/nodes.v1/-/${node}`);
    await user.clicks("Cordon");
    await user.answers("Cordon");
    await eventually("a closed node", closed);
    await user.clicks("Uncordon");
    await user.answers("Uncordon");
    await eventually("an open node", () => !closed());

    apply(BUDGET);
    await user.clicks("Drain");
    await user.answers(/^Also pods that nothing makes again: default.talker$/);
    await user.answers("Drain");
    await user.sees("default/talker is gone");
    await user.sees(/default\/web-\S+ held back, tried again: Cannot evict pod as it would violate/);
    assert.ok(hosts().includes(node));
    kubectl("delete", "pdb/web");
    await user.sees(new RegExp(`Node ${node} is drained; pods that went: \\d`));
    assert.ok(closed());
    assert.ok(!hosts().includes(node));
  });
});
