/** The dashboard in a browser: finds the key, then shows the page that the address names. */
import { h, render } from "preact";
import { App } from "./app.ts";
import { takeKey } from "./key.ts";

render(h(App, { initialKey: takeKey() }), document.body);
