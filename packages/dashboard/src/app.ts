/** The frame of all pages: who may not in, what there is on the left, where one is on the right. */
import { type ComponentChild, Fragment, h } from "preact";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { keepKey } from "./key.ts";
import { CreatePage } from "./pages/create.ts";
import { ListPage } from "./pages/list.ts";
import { LoginPage } from "./pages/login.ts";
import { ObjectPage } from "./pages/object.ts";
import { OverviewPage } from "./pages/overview.ts";
import { type Cluster, ClusterProvider } from "./parts/hooks.ts";
import { FailureBox, Loading } from "./parts/messages.ts";
import { type Note, Notes } from "./parts/notes.ts";
import { Sidebar } from "./parts/sidebar.ts";
import { type Route, routeOf } from "./route.ts";
import { asFailure, type Failure } from "./server/failure.ts";
import { type Kinds, readKinds } from "./server/kinds.ts";
import { Server } from "./server/server.ts";

export function App({ initialKey }: { readonly initialKey: string }): ComponentChild {
  const [key, setKey] = useState(initialKey);
  const { notes, say, put } = useNotes();
  const server = useMemo(
    () => new Server(window.location.origin, key, { refused: () => setKey(""), warn: (text) => say(text, true) }),
    [key, say],
  );
  if (!key)
    return h(LoginPage, {
      onKey: (given: string) => {
        keepKey(given);
        setKey(given);
      },
    });
  return h(Fragment, null, h(Frame, { server, say }), h(Notes, { notes, put }));
}

/** Definitions come and go; a new kind is known after this time at the latest. */
const KINDS_MS = 10_000;
const NOTE_MS = 5000;

function Frame({ server, say }: Pick<Cluster, "server" | "say">): ComponentChild {
  const route = useRoute();
  const [kinds, setKinds] = useState<Kinds>();
  const [failure, setFailure] = useState<Failure>();
  const read = useCallback(async () => {
    try {
      const next = await readKinds(server);
      // Where nothing is new nothing is shown anew.
      setKinds((now) => (now?.source === next.source ? now : next));
      setFailure(undefined);
    } catch (error) {
      setFailure(asFailure(error));
    }
  }, [server]);
  useEffect(() => {
    void read();
    const timer = setInterval(() => void read(), KINDS_MS);
    return () => clearInterval(timer);
  }, [read]);
  const cluster = useMemo<Cluster | undefined>(() => kinds && { server, kinds, say }, [server, kinds, say]);

  if (!cluster)
    return failure
      ? h("main", null, h(FailureBox, { failure, retry: () => void read() }))
      : h("main", null, h(Loading, { what: "what the server serves" }));
  return h(
    ClusterProvider,
    { value: cluster },
    h("div", { class: "frame" }, h(Sidebar, { route }), h("main", { id: "page" }, h(Page, { route }))),
  );
}

function Page({ route }: { readonly route: Route }): ComponentChild {
  switch (route.page) {
    case "overview":
      return h(OverviewPage, null);
    case "create":
      return h(CreatePage, { namespace: route.namespace });
    case "list":
      return h(ListPage, { ...route, key: JSON.stringify(route.kind) });
    case "object":
      return h(ObjectPage, { ...route, key: JSON.stringify([route.kind, route.namespace, route.name]) });
  }
}

function useRoute(): Route {
  const [route, setRoute] = useState(() => routeOf(window.location.hash));
  useEffect(() => {
    const moved = () => setRoute(routeOf(window.location.hash));
    window.addEventListener("hashchange", moved);
    return () => window.removeEventListener("hashchange", moved);
  }, []);
  return route;
}

function useNotes() {
  const [notes, setNotes] = useState<readonly Note[]>([]);
  const put = useCallback((note: Note) => setNotes((all) => all.filter((each) => each !== note)), []);
  const say = useCallback(
    (text: string, isFailure = false) => {
      const note = { text, isFailure };
      setNotes((all) => [...all, note]);
      if (!isFailure) setTimeout(() => put(note), NOTE_MS);
    },
    [put],
  );
  return { notes, say, put };
}
