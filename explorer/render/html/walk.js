/* Takes steps. States come from the page (a small space, listed) or from a server; what is shown is the same.
   Everything is set as text, never as markup. A path is [initial state, instance, instance, ...]. */
(() => {
  const holder = document.getElementById("walk-data");
  const section = document.getElementById("walk");
  if (!holder || !section) return;
  const page = JSON.parse(holder.textContent);
  const part = name => section.querySelector(`.${name}`);
  const drawn = 60;

  function make(tag, cls, ...content) {
    const made = document.createElement(tag);
    if (cls) made.className = cls;
    made.append(...content);
    return made;
  }

  function button(text, act, label) {
    const made = make("button", "link", text);
    made.type = "button";
    if (label) made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    return made;
  }

  const actorClass = actor => `chip lane${page.actors.indexOf(actor) % 6}`;
  const instance = number => ({name: page.instances[number][0], action: page.instances[number][1], actor: page.instances[number][2], place: page.instances[number][3]});

  /* Where moments come from: {initial, moments}. A moment is {key, texts, steps: [[instance, label, key, changes,
     breaks]], waits: [[instance, what for, place]], faults, truths: [[value, why]], ends, beyond}. */
  class Listed {
    async load() {
      const bytes = Uint8Array.from(atob(page.space), character => character.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
      this.space = JSON.parse(await new Response(stream).text());
    }
    async initial() {
      return {paths: Array.from({length: Math.min(this.space.initial, 1000)}, (_, n) => [n]), more: this.space.initial > 1000};
    }
    texts(state) { return this.space.columns.map((column, n) => this.space.texts[n][column[state]]); }
    end(path) {
      let [at, breaks] = [path[0], []];
      if (at >= this.space.initial) throw new Error(`there is no initial state ${at}`);
      path.slice(1).forEach((number, n) => {
        const steps = this.space.rows.steps[at];
        let found = -1;
        for (let i = 0; i < steps.length; i += 4) if (steps[i] === number) found = i;
        if (found < 0) throw new Error(`step ${n + 1}: ${number < page.instances.length ? instance(number).name : `instance ${number}`} is not possible there; the address may be that of another spec`);
        breaks = this.space.tables.breaks[steps[found + 2]];
        at = steps[found + 3];
      });
      return [at, breaks];
    }
    async moments(paths) { return paths.map(path => this.moment(path)); }
    moment(path) {
      const [state, breaks] = this.end(path);
      const {rows, tables} = this.space;
      const texts = this.texts(state);
      const steps = [];
      for (let i = 0; i < rows.steps[state].length; i += 4) {
        const [number, label, broken, after] = rows.steps[state].slice(i, i + 4);
        const changes = this.texts(after).flatMap((text, n) => text === texts[n] ? [] : [[n, text]]);
        steps.push([number, tables.labels[label], String(after), changes, tables.breaks[broken]]);
      }
      const truths = rows.truths[state].map((row, n) => page.judged[n][1] === "step"
        ? [path.length > 1 ? !breaks.includes(page.judged[n][0]) : null, []] : tables.truths[row]);
      return {key: String(state), texts, steps, truths, waits: rows.waits[state].map(n => tables.waits[n]),
        faults: rows.faults[state].map(n => tables.faults[n]), ends: Boolean(rows.ends[state]), beyond: this.space.beyond[state] || ""};
    }
  }

  class Served {
    async load() {}
    async ask(word, question) {
      let answer;
      try {
        answer = await fetch(word, {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(question)});
      } catch {
        throw new Error("the server does not answer: it has ended; start it again with python -m explorer serve");
      }
      const text = await answer.text();
      if (text.startsWith('{"refused":')) throw new Error(JSON.parse(text).refused);
      if (!answer.ok) throw new Error(text.startsWith("{") ? JSON.parse(text).error : text.trim());
      return text;
    }
    async initial() { return JSON.parse(await this.ask("initial", {})); }
    async moments(paths) { return JSON.parse(await this.ask("states", {paths})).states; }
  }

  const source = page.live ? new Served() : new Listed();
  const known = new Map();

  /* The moments at the ends of paths, each asked for once. */
  async function moments(paths) {
    const missing = paths.filter(path => !known.has(String(path)));
    for (let i = 0; i < missing.length; i += 200) {
      const some = missing.slice(i, i + 200);
      (await source.moments(some)).forEach((moment, n) => known.set(String(some[n]), moment));
    }
    return paths.map(path => known.get(String(path)));
  }

  const beginnings = path => path.map((_, n) => path.slice(0, n + 1));
  let path = [0];
  let at = 0; // how many steps of the path are taken where we look
  let kept = [];
  let other = null; // the path that this one is compared with
  let typed = []; // expressions
  let starts = {paths: [], more: false};
  let mapped = false;
  let turn = 0;
  let trouble = ""; // why an address is not followed
  const pinned = new Set();
  const takes = []; // what takes each step that is listed
  let waiting = 0;
  let last = Promise.resolve();

  async function busy(wait) {
    waiting += 1;
    section.ariaBusy = "true";
    try { await wait; } finally { waiting -= 1; section.ariaBusy = String(waiting > 0); }
  }

  /* Keys that are typed ahead of an answer wait for it. */
  function inTurn(act) { last = busy(last.then(act)).catch(error => say(error.message)); }

  function say(text) { part("said").textContent = text; }

  function address() {
    const compared = other ? `;${other.join(".")}` : "";
    return `#walk/${page.digest}/${path.join(".")}@${at}${compared}`;
  }

  /* The page as it is now; a later call wins over one that still waits for an answer. */
  async function draw(quiet) {
    const mine = ++turn;
    try {
      const all = await moments(beginnings(path));
      const others = other ? await moments(beginnings(other)) : [];
      const columns = await Promise.all(typed.map(one => values(one, path)));
      if (mine !== turn) return;
      section.hidden = false;
      const inside = section.contains(document.activeElement);
      here(all);
      nexts(all[at]);
      along(all, columns);
      compare(all, others);
      choices();
      if (mapped) await map(mine); else part("drawn").replaceChildren();
      if (!quiet && address() !== location.hash) {
        const same = location.hash.startsWith(`#walk/${page.digest}/${path.join(".")}@`);
        history[same ? "replaceState" : "pushState"](null, "", address());
      }
      if (inside && !section.contains(document.activeElement)) section.focus({preventScroll: true}); // keys go on
      explorerLinks(section);
      section.dataset.shown = String(mine);
      say(`step ${at} of ${path.length - 1}${at && path[at] !== undefined ? `: ${told(all, at)}` : ": the initial state"}`);
    } catch (error) {
      if (mine === turn) { section.hidden = false; say(error.message); }
    }
  }

  const show = quiet => busy(draw(quiet));

  const step = (all, n) => all[n - 1].steps.find(one => one[0] === path[n]);
  const told = (all, n) => { const found = step(all, n); const actor = instance(path[n]).actor; return `${actor ? `${actor}: ` : ""}${found ? found[1] : instance(path[n]).name}`; };

  function take(number) {
    const next = [...path.slice(0, at + 1), number];
    if (at < path.length - 1 && path[at + 1] !== number) keep(path); // a branch: what went on here is kept
    path = path[at + 1] === number ? path : next;
    at += 1;
    return show();
  }

  function keep(one) { if (one.length > 1 && !kept.some(had => String(had) === String(one))) kept.push(one); }

  function go(where) { at = Math.max(0, Math.min(where, path.length - 1)); return show(); }

  function undo() { if (path.length > 1) { path = path.slice(0, -1); at = Math.min(at, path.length - 1); } return show(); }

  const wanted = () => part("filter").value.trim().toLowerCase();
  const fits = text => !wanted() || text.toLowerCase().includes(wanted());

  function here(all) {
    const now = all[at];
    const before = all[Math.max(at - 1, 0)];
    const row = n => {
      const changed = now.texts[n] !== before.texts[n];
      const cell = make("td");
      if (changed) cell.append(make("del", "", before.texts[n]), " → ", make("ins", "", now.texts[n])); else cell.append(now.texts[n]);
      const head = make("th", "", changed ? make("span", "mark", "●") : "", page.names[n]);
      head.scope = "row";
      const pin = button(pinned.has(n) ? "★" : "☆", () => { pinned.has(n) ? pinned.delete(n) : pinned.add(n); show(); },
        `${pinned.has(n) ? "unpin" : "pin"} ${page.names[n]}`);
      pin.setAttribute("aria-pressed", String(pinned.has(n)));
      return make("tr", changed ? "changed" : "", make("td", "pin", pin), head, cell);
    };
    const order = [...page.names.keys()].sort((a, b) => pinned.has(b) - pinned.has(a) || a - b);
    const rows = order.filter(n => pinned.has(n) || fits(`${page.names[n]} ${now.texts[n]}`)).map(row);
    const table = make("table", "", make("caption", "", at ? "State after this step (● changed by it)" : "Initial state"), make("tbody", "", ...rows));
    const title = make("h3", "", at ? `Step ${at}: ` : "The initial state");
    if (at) {
      const {actor, place} = instance(path[at]);
      if (actor) title.append(make("span", actorClass(actor), actor), " ");
      const found = step(all, at);
      title.append(make("code", "", found ? found[1] : instance(path[at]).name), " ", make("span", "note", `${instance(path[at]).name}  `, make("code", "place", place)));
    }
    part("here").replaceChildren(title, truths(now), make("div", "state", table));
  }

  /* What is false here first; then what holds, folded. */
  function truths(now) {
    const bad = [];
    const good = [];
    now.truths.forEach(([value, why], n) => {
      const [name, kind, text] = page.judged[n];
      if (kind === "condition") return;
      if (value === false) bad.push(make("li", "false", make("strong", "", `✗ ${name}`), make("span", "note", [text, ...why].filter(Boolean).join("; "))));
      else if (value === null) { if (kind !== "step") bad.push(make("li", "open", make("strong", "", `? ${name}`), make("span", "note", why.join("; ")))); }
      else good.push(make("li", "", `✓ ${name}`));
    });
    if (!now.steps.length && !now.faults.length && !now.beyond)
      (now.ends ? good : bad).push(now.ends ? make("li", "", "✓ this state may be the last (@terminal)") : make("li", "false", make("strong", "", "✗ deadlock"), make("span", "note", "nothing is possible, and no @terminal condition holds")));
    for (const [number, message, place] of now.faults)
      bad.push(make("li", "false", make("strong", "", "✗ evaluation"), make("span", "note", `${instance(number).name} has no value here: ${message}  ${place}`)));
    const parts = [];
    if (bad.length) parts.push(make("ul", "truths", ...bad));
    if (good.length) parts.push(fold("holding", `${good.length} propert${good.length === 1 ? "y holds" : "ies hold"} here`, make("ul", "truths", ...good)));
    return make("div", "", ...parts);
  }

  function fold(name, summary, content) {
    const had = section.querySelector(`details.${name}`);
    const made = make("details", name, make("summary", "", summary), content);
    made.open = Boolean(had && had.open);
    return made;
  }

  function changes(list, texts) {
    const shown = list.filter(([n]) => !page.quiet.includes(n) && n < page.names.length - page.observed);
    return shown.map(([n, text]) => `${page.names[n]}: ${texts[n]} → ${text}`).join(", ");
  }

  function nexts(now) {
    takes.length = 0;
    const items = now.steps.filter(one => fits(`${one[1]} ${instance(one[0]).name}`)).map(([number, label, , list, breaks], n) => {
      const {actor, name} = instance(number);
      takes[n] = () => take(number).then(() => part("nexts").querySelector("button")?.focus());
      const does = button(label, () => { if (!waiting) takes[n](); }); // else the list is of the state before
      does.classList.add("step");
      const item = make("li", path[at + 1] === number ? "chosen" : "", actor ? make("span", actorClass(actor), actor) : "", " ", does, make("span", "note", `${name}${path[at + 1] === number ? " (this path goes on with it)" : ""}`));
      const effect = changes(list, now.texts);
      if (effect) item.append(make("span", "note change", effect));
      if (breaks.length) item.append(make("span", "note bad", `✗ breaks ${breaks.join(", ")}`));
      item.value = n + 1;
      return item;
    });
    const heading = make("h3", "", now.beyond ? `Not left: beyond the constraint ${now.beyond}` : `${now.steps.length} step${now.steps.length === 1 ? "" : "s"} possible next`);
    const waits = now.waits.filter(([number, text]) => fits(`${instance(number).name} ${text}`)).map(([number, text, place]) =>
      make("li", "", make("code", "", instance(number).name), make("span", "note", ` ${text}  `, make("code", "place", place))));
    const parts = [heading, make("ol", "steps", ...items)];
    if (waits.length) parts.push(fold("waiting", `${waits.length} action${waits.length === 1 ? " waits" : "s wait"}, and why`, make("ul", "", ...waits)));
    part("nexts").replaceChildren(...parts);
  }

  /* A row for each thing, a column for each step. */
  function along(all, columns) {
    const heads = path.map((_, n) => {
      const to = button(String(n), () => go(n), n ? `step ${n}: ${told(all, n)}` : "the initial state");
      if (n) to.title = told(all, n);
      const head = make("th", n === at ? "now" : "", to);
      head.scope = "col";
      if (n === at) head.setAttribute("aria-current", "step");
      return head;
    });
    const rows = [];
    const add = (name, cells, cls, close) => {
      const head = make("th", cls, name);
      if (close) head.append(" ", button("×", close, `remove ${name}`));
      head.scope = "row";
      rows.push(make("tr", "", head, ...cells));
    };
    typed.forEach((one, i) => {
      const {values: found, error} = columns[i];
      add(one, error ? [Object.assign(make("td", "bad", error), {colSpan: path.length})]
        : found.map((text, n) => make("td", `${n === at ? "now" : ""}${n && text !== found[n - 1] ? " change" : ""}`, text)), "typed-name", () => { typed = typed.filter(had => had !== one); show(); });
    });
    for (const n of [...pinned].sort((a, b) => a - b))
      add(page.names[n], all.map((moment, k) => make("td", `${k === at ? "now" : ""}${k && moment.texts[n] !== all[k - 1].texts[n] ? " change" : ""}`, moment.texts[n])), "");
    page.judged.forEach(([name, kind, text], n) => {
      const values = all.map(moment => moment.truths[n][0]);
      const steady = values.every(value => value === true || (value === null && kind === "step"));
      if (steady && kind !== "condition" && !fold.all) { along.steady.push(name); return; }
      add(kind === "condition" ? `${name}: ${text}` : name, values.map((value, k) => {
        const cell = make("td", `${k === at ? "now " : ""}${value === false && kind !== "condition" ? "bad" : ""}`, {true: "✓", false: "✗", null: "–"}[String(value)]);
        cell.setAttribute("aria-label", {true: "holds", false: "does not hold", null: "is not judged"}[String(value)]);
        return cell;
      }), kind === "condition" ? "note" : "");
    });
    const corner = make("th", "", "step");
    corner.scope = "col";
    const table = make("table", "trail", make("thead", "", make("tr", "", corner, ...heads)), make("tbody", "", ...rows));
    const scroll = make("div", "scroll", table);
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", "values and truth along the path");
    const parts = [make("h3", "", "Along the path"), scroll];
    if (along.steady.length < page.judged.length) parts.push(make("p", "note", "✓ holds after this step, ✗ does not, – is not judged there. A condition of a temporal property (grey) may fail: only a whole behaviour breaks the property."));
    if (along.steady.length) parts.push(make("p", "note", `Hold at every step: ${along.steady.join(", ")}`));
    along.steady = [];
    part("along").replaceChildren(...parts);
    const now = table.querySelector("th.now");
    if (now) scroll.scrollLeft = Math.max(0, now.offsetLeft - scroll.clientWidth / 2);
  }
  along.steady = [];

  async function values(expression, one) {
    try { return JSON.parse(await source.ask("values", {expression, path: one})); } catch (error) { return {error: error.message}; }
  }

  /* Kept paths, and where the walk may begin. */
  function choices() {
    const parts = [];
    if (starts.paths.length > 1) {
      const select = make("select", "", ...starts.paths.map(([n]) => { const option = make("option", "", `initial state ${n + 1}`); option.value = n; return option; }));
      select.value = path[0];
      select.addEventListener("change", () => { keep(path); path = [Number(select.value)]; at = 0; show(); });
      parts.push(make("label", "", "Begin in ", select, starts.more ? " (the first thousand)" : ""));
    }
    kept.forEach((one, n) => {
      const name = `path ${n + 1} (${one.length - 1} step${one.length === 2 ? "" : "s"})`;
      const on = other && String(other) === String(one);
      const compared = button(on ? "stop comparing" : "compare", () => { other = on ? null : one; show(); }, `${on ? "stop comparing with" : "compare with"} ${name}`);
      parts.push(make("span", "kept", button(name, () => { keep(path); path = one; at = one.length - 1; show(); }, `go to ${name}`), " ", compared, " ",
        button("×", () => { kept = kept.filter(had => had !== one); if (on) other = null; show(); }, `forget ${name}`)));
    });
    part("choices").replaceChildren(...parts);
  }

  function compare(all, others) {
    if (!other) return part("compared").replaceChildren();
    let parting = 0;
    while (parting < path.length && parting < other.length && path[parting] === other[parting]) parting += 1;
    const cell = (moments_, one, n) => {
      if (n >= one.length) return make("td", "none", "");
      const found = n ? moments_[n - 1].steps.find(s => s[0] === one[n]) : null;
      const made = make("td", n >= parting ? "change" : "");
      if (n && instance(one[n]).actor) made.append(make("span", actorClass(instance(one[n]).actor), instance(one[n]).actor), " ");
      made.append(make("code", "", n ? (found ? found[1] : instance(one[n]).name) : "initial state"));
      return made;
    };
    const rows = [];
    for (let n = 0; n < Math.max(path.length, other.length); n++) {
      const [a, b] = [all[Math.min(n, path.length - 1)], others[Math.min(n, other.length - 1)]];
      const differ = a.texts.flatMap((text, k) => text === b.texts[k] ? [] : [`${page.names[k]}: ${text} / ${b.texts[k]}`]);
      const head = make("th", "", String(n));
      head.scope = "row";
      rows.push(make("tr", n === parting ? "parting" : "", head, cell(all, path, n), cell(others, other, n), make("td", "note", a.key === b.key ? "the same state" : differ.join(", "))));
    }
    const heads = ["step", "this path", "the other", "how the states differ (this / the other)"].map(text => { const head = make("th", "", text); head.scope = "col"; return head; });
    const scroll = make("div", "scroll", make("table", "pair", make("thead", "", make("tr", "", ...heads)), make("tbody", "", ...rows)));
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", "two paths");
    const where = parting >= path.length || parting >= other.length ? "one is the beginning of the other" : `they part at step ${parting}`;
    part("compared").replaceChildren(make("h3", "", `Two paths: ${where}`), scroll);
  }

  /* States within a few steps of this one, layer by layer; a click goes there. */
  async function map(mine) {
    const centre = path.slice(0, at + 1);
    const [root] = await moments([centre]);
    const nodes = new Map([[root.key, {moment: root, path: centre, layer: 0}]]);
    const edges = [];
    let layer = [root.key];
    let full = false;
    for (let depth = 1; depth <= 4 && layer.length && !full; depth++) {
      const fresh = [];
      for (const from of layer)
        for (const [number, label, to] of nodes.get(from).moment.steps) {
          if (!nodes.has(to)) {
            if (nodes.size >= drawn) { full = true; continue; }
            nodes.set(to, {path: [...nodes.get(from).path, number], layer: depth});
            fresh.push(to);
          }
          edges.push([from, to, number, label]);
        }
      const found = await moments(fresh.map(one => nodes.get(one).path));
      fresh.forEach((one, n) => { nodes.get(one).moment = found[n]; });
      layer = fresh;
    }
    if (mine !== turn) return;
    part("drawn").replaceChildren(make("h3", "", `${nodes.size} states around this one${full ? ", the nearest" : ""}`),
      make("p", "note", "Layer by layer, as many steps away. A filled one breaks a property; a click goes there."), picture(nodes, edges));
  }

  function svg(tag, attributes, ...content) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...content);
    return made;
  }

  function picture(nodes, edges) {
    const layers = [];
    for (const [name, node] of nodes) (layers[node.layer] ||= []).push(name);
    const [wide, high] = [190, 46];
    const tallest = Math.max(...layers.map(names => names.length));
    layers.forEach((names, x) => names.forEach((name, y) => Object.assign(nodes.get(name), {x: 30 + x * wide, y: 30 + (y + (tallest - names.length) / 2) * high})));
    const lines = edges.filter(([, to]) => nodes.has(to)).map(([from, to, number, label]) => {
      const [a, b] = [nodes.get(from), nodes.get(to)];
      const curve = a === b ? `M${a.x - 6} ${a.y - 8}c-14 -22 26 -22 12 0` : b.layer > a.layer
        ? `M${a.x + 9} ${a.y}C${a.x + wide / 2} ${a.y} ${b.x - wide / 2} ${b.y} ${b.x - 11} ${b.y}`
        : `M${a.x} ${a.y + 9}C${a.x} ${a.y + 44} ${b.x} ${b.y + 44} ${b.x} ${b.y + 11}`;
      const title = svg("title", {}, `${instance(number).name}: ${label}`);
      const line = svg("path", {d: curve, class: "edge", "marker-end": "url(#walk-arrow)"}, title);
      if (a !== nodes.values().next().value || b.layer !== 1) return line;
      const text = svg("text", {x: b.x - 16, y: b.y - 6, "text-anchor": "end"}, instance(number).name.slice(0, 24));
      return svg("g", {}, line, text);
    });
    const circles = [...nodes.values()].map(node => {
      const bad = node.moment.truths.some(([value], n) => value === false && page.judged[n][1] !== "condition");
      const last = node.path.at(-1);
      const name = node.layer ? `${instance(last).name}, ${node.layer} step${node.layer === 1 ? "" : "s"} away` : "this state";
      const circle = svg("circle", {cx: node.x, cy: node.y, r: 9, class: `${node.layer ? "" : "centre "}${bad ? "broken" : ""}`});
      const group = svg("g", {role: "button", tabindex: 0, "aria-label": `${name}${bad ? ", breaks a property" : ""}`}, svg("title", {}, name), circle);
      const there = () => { if (at < path.length - 1) keep(path); path = node.path; at = path.length - 1; show(); };
      group.addEventListener("click", there);
      group.addEventListener("keydown", event => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); there(); } });
      return group;
    });
    const arrow = svg("marker", {id: "walk-arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto"}, svg("path", {d: "M0 0L8 4L0 8z"}));
    const [width, height] = [layers.length * wide, tallest * high + 50];
    const made = svg("svg", {viewBox: `0 0 ${width} ${height}`, width, height, class: "map", role: "group", "aria-label": "states around this one"}, svg("defs", {}, arrow), ...lines, ...circles);
    const scroll = make("div", "scroll", made);
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", "drawing of the states around this one");
    return scroll;
  }

  function save(text, name, type) {
    const link = make("a");
    link.href = URL.createObjectURL(new Blob([text], {type}));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  const acts = {
    back: undo,
    again: () => { keep(path); path = [path[0]]; at = 0; return show(); },
    keep: () => { keep(path); return show(); },
    map: () => { mapped = !mapped; section.querySelector("[data-do=map]").setAttribute("aria-pressed", String(mapped)); return show(); },
    lines: () => save(path.slice(1).map(number => `${instance(number).name}\n`).join(""), "steps.txt", "text/plain"),
    itf: async () => save(await source.ask("itf", {path: path.slice(0, at + 1)}), "walk.itf.json", "application/json"),
    picture: async () => {
      const text = await source.ask("picture", {path: path.slice(0, at + 1)});
      const image = make("img");
      image.alt = "sequence diagram of the path";
      image.src = URL.createObjectURL(new Blob([text], {type: "image/svg+xml"}));
      part("drawn").replaceChildren(make("h3", "", "The path"), make("div", "scroll", image));
    },
  };
  for (const one of section.querySelectorAll("[data-do]"))
    one.addEventListener("click", () => inTurn(acts[one.dataset.do]));
  part("filter").addEventListener("input", () => show());
  section.querySelector("form.typed")?.addEventListener("submit", async event => {
    event.preventDefault();
    const input = event.target.elements.expression;
    const text = input.value.trim();
    if (!text) return;
    const found = await values(text, path);
    part("wrong").textContent = found.error || "";
    if (found.error) return;
    typed = [...typed.filter(had => had !== text), text];
    input.value = "";
    show();
  });
  section.querySelector("input.open")?.addEventListener("change", async event => {
    const [file] = event.target.files;
    event.target.value = "";
    if (!file) return;
    try {
      const opened = JSON.parse(await source.ask("open", {text: await file.text()}));
      keep(path);
      [path, at] = [opened.path, opened.path.length - 1];
      await show();
      if (opened.note) say(opened.note);
    } catch (error) { say(error.message); }
  });
  section.tabIndex = -1;
  const alone = !document.querySelector("article.story"); // no story wants the keys
  document.addEventListener("keydown", event => {
    if (section.hidden || !(section.contains(event.target) || (alone && event.target === document.body))) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    if (event.target.closest(".scroll") && ["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const act = {ArrowLeft: () => go(at - 1), ArrowRight: () => go(at + 1), Home: () => go(0), End: () => go(path.length - 1), Backspace: undo}[event.key];
    if (!act && !/^[1-9]$/.test(event.key)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    inTurn(() => act ? act() : takes[event.key - 1]?.());
  });

  /* What an address says: #walk/DIGEST/0.3.5@2;0.4 */
  function read() {
    const [, digest, one, where, second] = location.hash.match(/^#walk\/(\w+)\/([\d.]+)@(\d+)(?:;([\d.]+))?$/) || [];
    if (!digest) return false;
    trouble = digest === page.digest ? "" : `this address was made from another spec: its digest is ${digest}, this one has ${page.digest}`;
    if (!trouble) {
      path = one.split(".").map(Number);
      at = Math.min(Number(where), path.length - 1);
      if (second) { other = second.split(".").map(Number); keep(other); }
    }
    return !trouble;
  }

  /* Leaves a story after some of its steps, by one more. */
  window.explorerWalk = {
    can: (name, steps) => Boolean(page.stories[name] && steps < page.stories[name].length && document.documentElement.classList.contains("walkable")),
    async from(name, steps, next) {
      if (path.length > 1) keep(path);
      keep(page.stories[name]);
      path = [...page.stories[name].slice(0, steps + 1), ...page.instances.flatMap((one, n) => one[0] === next ? [n] : [])];
      at = path.length - 1;
      await show();
      section.scrollIntoView();
      section.querySelector(".nexts .step")?.focus({preventScroll: true});
    },
  };
  window.addEventListener("hashchange", () => { if (read()) show(true).then(() => section.scrollIntoView()); });

  /* Whether the check that runs beside this page has ended. */
  async function poll() {
    try {
      const {done, claim} = JSON.parse(await source.ask("status", {}));
      const line = document.getElementById("checking");
      if (!done) { line.textContent = "The check is still running; steps can be taken meanwhile."; setTimeout(poll, 1000); return; }
      const again = button("Show the report", () => location.reload());
      line.replaceChildren(claim, " ", again);
    } catch { /* the server has ended; what is asked next says so */ }
  }
  if (page.live && page.checking) poll();

  (async () => {
    try {
      await source.load();
      starts = await source.initial();
    } catch (error) {
      section.hidden = false;
      say(page.live ? error.message : "this browser cannot unpack the states");
      return;
    }
    const linked = read();
    if (page.path && !linked) { path = page.path; at = path.length - 1; }
    if (linked || page.live || trouble) {
      await show(!linked && !page.path);
      if (trouble) say(trouble);
      if (linked) section.scrollIntoView();
    }
    const begin = document.querySelector("button.begin");
    if (begin && !page.live) {
      begin.hidden = false;
      begin.addEventListener("click", () => { path = [0]; at = 0; show().then(() => section.scrollIntoView()); });
    }
    document.documentElement.classList.add("walkable");
    document.dispatchEvent(new Event("walkable"));
  })();
})();
