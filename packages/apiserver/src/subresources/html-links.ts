/**
 * Links of HTML pages, changed as the page comes: an application that is reached through the server knows nothing of the path before its own.
 * Holds: all but the addresses stays byte by byte; what is no tag (scripts, comments) is left alone; at most one tag is held back.
 */

/** The attributes that hold an address, by tag. */
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  a: ["href"],
  applet: ["codebase"],
  area: ["href"],
  audio: ["src"],
  base: ["href"],
  blockquote: ["cite"],
  body: ["background"],
  button: ["formaction"],
  command: ["icon"],
  del: ["cite"],
  embed: ["src"],
  form: ["action"],
  frame: ["longdesc", "src"],
  head: ["profile"],
  html: ["manifest"],
  iframe: ["longdesc", "src"],
  img: ["longdesc", "src", "usemap"],
  input: ["formaction", "src", "usemap"],
  ins: ["cite"],
  link: ["href"],
  object: ["classid", "codebase", "data", "usemap"],
  q: ["cite"],
  script: ["src"],
  source: ["src"],
  track: ["src"],
  video: ["poster", "src"],
};

const RAW_TEXT = new Set(["script", "style", "textarea", "title", "iframe", "noembed", "noframes", "xmp"]);
const TAG = /^<([a-z][^\s/>]*)(?=[\s/>])((?:[^>"']|"[^"]*"|'[^']*')*)>/i;
const ATTRIBUTE = /(\s([^\s=>"'/]+)\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)/g;
/** A tag that is longer is passed on as it is. */
const MAX_TAG = 16 * 1024;
/** What begins more of them in one part is no HTML, and is passed on too. */
const MOST_BROKEN = 8;

export async function* withLinks(
  parts: AsyncIterable<Uint8Array>,
  rewrite: (url: string) => string,
): AsyncGenerator<Buffer> {
  let held = "";
  /** What ends the stretch that is no HTML. */
  let until: string | undefined;
  for await (const part of parts) {
    // One character a byte: whatever the encoding, what is not understood passes unchanged.
    const text = held + Buffer.from(part).toString("latin1");
    const read = readLinks(text, until, rewrite);
    ({ until } = read);
    held = text.slice(read.length);
    if (read.out) yield Buffer.from(read.out, "latin1");
  }
  if (held) yield Buffer.from(held, "latin1");
}

function readLinks(text: string, endOfRaw: string | undefined, rewrite: (url: string) => string) {
  let until = endOfRaw;
  let at = 0;
  let broken = 0;
  let out = "";
  const lower = text.toLowerCase();
  while (at < text.length) {
    if (until !== undefined) {
      const end = lower.indexOf(until, at);
      const stop = end < 0 ? Math.max(at, text.length - until.length + 1) : end + until.length;
      out += text.slice(at, stop);
      at = stop;
      if (end < 0) break;
      until = undefined;
      continue;
    }
    const open = text.indexOf("<", at);
    out += text.slice(at, open < 0 ? text.length : open);
    at = open < 0 ? text.length : open;
    if (open < 0) break;
    const rest = text.slice(at, at + MAX_TAG);
    if (rest.startsWith("<!--")) {
      until = "-->";
      continue;
    }
    const tag = TAG.exec(rest);
    if (tag) {
      const [whole, name = "", attributes = ""] = tag;
      const own = ATTRIBUTES[name.toLowerCase()];
      out += own ? `<${name}${changed(attributes, own, rewrite)}>` : whole;
      at += whole.length;
      if (RAW_TEXT.has(name.toLowerCase())) until = `</${name.toLowerCase()}`;
    } else if (rest.length < MAX_TAG && mayBecomeTag(rest)) break;
    else if (mayBecomeTag(rest) && ++broken > MOST_BROKEN) {
      out += text.slice(at);
      at = text.length;
    } else {
      out += "<";
      at++;
    }
  }
  return { out, length: at, until };
}

/** The beginning of a tag or a comment, of which more may come. */
const mayBecomeTag = (rest: string): boolean => "<!--".startsWith(rest) || /^<[a-z]/i.test(rest);

const changed = (attributes: string, names: readonly string[], rewrite: (url: string) => string): string =>
  attributes.replace(ATTRIBUTE, (whole, before: string, name: string, value: string) => {
    if (!names.includes(name.toLowerCase())) return whole;
    const quote = /^["']/.exec(value)?.[0] ?? "";
    return `${before}${quote}${rewrite(quote ? value.slice(1, -1) : value)}${quote}`;
  });
