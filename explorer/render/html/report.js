"use strict";
/* Lines of source become links where an address is known. */
const explorerLinks = (() => {
  const holder = document.getElementById("links-data");
  const {url, root} = holder ? JSON.parse(holder.textContent) : {};
  return within => {
    if (!url) return;
    for (const place of within.querySelectorAll(".place:not(.linked)")) {
      const [, file, line] = place.textContent.match(/^(.+):(\d+)$/) || [];
      if (!file) continue;
      const link = document.createElement("a");
      const encoded = text => text.split("/").map(encodeURIComponent).join("/");
      link.href = url.replaceAll("{file}", encoded(file)).replaceAll("{path}", encoded(file.startsWith("/") ? file : root + file)).replaceAll("{line}", line);
      link.textContent = place.textContent;
      link.rel = "noreferrer";
      place.replaceChildren(link);
      place.classList.add("linked");
    }
  };
})();
explorerLinks(document);
/* The story of a cell opens when it is gone to. */
(() => {
  const open = () => {
    const found = location.hash.startsWith("#story-of-") && document.getElementById(location.hash.slice(1));
    if (found) { found.open = true; found.scrollIntoView(); }
  };
  window.addEventListener("hashchange", open);
  open();
})();
/* Steps through counterexamples. Everything shown is set as text, never as markup. */
(() => {
  const holder = document.getElementById("page-data");
  const page = holder ? JSON.parse(holder.textContent) : {actions: {}, texts: []};
  document.documentElement.classList.add("scripted");

  function make(tag, cls, ...content) {
    const made = document.createElement(tag);
    if (cls) made.className = cls;
    made.append(...content);
    return made;
  }

  class Story {
    constructor(article) {
      this.article = article;
      this.data = JSON.parse(article.querySelector("script.steps").textContent);
      this.last = this.data.steps.length - 1;
      this.at = this.data.sample ? 0 : this.last;
      this.states = [];
      this.moving = new Set();
      for (const step of this.data.steps) {
        this.states.push({...(this.states.at(-1) || this.data.initial), ...step.set});
        for (const name in step.set) this.moving.add(name);
      }
      this.slider = article.querySelector(".slider");
      this.slider.addEventListener("input", () => this.show(Number(this.slider.value)));
      for (const button of article.querySelectorAll("[data-go]"))
        button.addEventListener("click", () => this.go(button.dataset.go));
      for (const button of article.querySelectorAll("[data-step]"))
        button.addEventListener("click", () => this.show(Number(button.dataset.step), true));
      for (const mark of article.querySelectorAll("[data-first]"))
        mark.addEventListener("click", () => this.show(this.within(mark) ? Math.min(this.at + 1, Number(mark.dataset.last)) : Number(mark.dataset.first)));
    }

    within(mark) { return Number(mark.dataset.first) <= this.at && this.at <= Number(mark.dataset.last); }

    /* The step after this one; after the last step of a lasso the first of its cycle. */
    onward() { return this.at < this.last ? this.at + 1 : Math.min((this.data.loop ?? this.last) + 1, this.last); }

    go(where) {
      this.show({first: 0, back: Math.max(this.at - 1, 0), next: this.onward(), last: this.last}[where], true);
    }

    show(at, scroll, quiet) {
      this.at = at;
      const step = this.data.steps[at];
      this.slider.value = at;
      this.slider.setAttribute("aria-valuetext", `step ${step.index}: ${step.text}`);
      this.article.querySelector(".count").textContent = `${at} / ${this.last}`;
      for (const button of this.article.querySelectorAll("[data-go]")) {
        const end = {first: at === 0, back: at === 0, next: this.onward() === at, last: at === this.last}[button.dataset.go];
        button.setAttribute("aria-disabled", String(end));
      }
      let current = null;
      for (const mark of this.article.querySelectorAll("[data-first]")) {
        const on = this.within(mark);
        mark.classList.toggle("current", on);
        if (on && mark.getClientRects().length) current = mark;
      }
      this.now(step);
      this.failure(at);
      this.code(step);
      this.state(at);
      this.waits(step);
      if (scroll && current) current.scrollIntoView({block: "nearest", inline: "nearest"});
      if (!quiet) history.replaceState(null, "", `#${this.article.id}/${at}`);
    }

    part(name, ...content) { this.article.querySelector("." + name).replaceChildren(...content); }

    now(step) {
      const about = [];
      if (step.sends) about.push(`sends ${step.sends.join(", ")}`);
      about.push(...(step.remarks || []));
      if (step.late) about.push("its effect is deferred: the others do not see it yet");
      if (step.visible) about.push("a deferred effect becomes visible");
      if (step.failed) about.push("this step fails");
      const line = make("p", "text");
      if (step.actor) line.append(make("span", `chip lane${step.lane}`, step.actor), " ");
      line.append(make("code", "", step.text));
      this.part("now", make("p", "index", step.action ? `Step ${step.index} of ${this.data.steps[this.last].index}` : "Before the first step"), line,
        ...about.map(text => make("p", "note", text)), ...(step.source ? [make("p", "note", step.source)] : []));
    }

    failure(at) {
      if (at !== this.last || this.data.sample) return this.part("failure");
      const {leaves, said, why} = this.data;
      const since = ([text, step], latest) => {
        const go = make("button", "link", step ? `since step ${step}` : "from the start");
        go.type = "button";
        go.setAttribute("aria-label", `${text}: go to step ${step}`);
        go.addEventListener("click", () => this.show(step, true));
        return make("li", latest ? "leaf" : "", text, " ", go);
      };
      const latest = leaves.filter(([, step]) => step === leaves[0][1]);
      const earlier = leaves.slice(latest.length);
      const waits = leaves.length ? [] : why.filter(text => / waits (for|until) /.test(text));
      const list = make("ul", "", ...(leaves.length ? said : why.filter(text => !waits.includes(text))).map(text => make("li", "", text)), ...latest.map(leaf => since(leaf, true)));
      const parts = [make("p", "", make("strong", "", `✗ ${this.data.verdict}`)), list];
      if (earlier.length) parts.push(this.folded("earlier", `${earlier.length} more, so before`, make("ul", "", ...earlier.map(leaf => since(leaf)))));
      if (waits.length) parts.push(this.folded("blocked", `${waits.length} action${waits.length === 1 ? " waits" : "s wait"}, and what for`, make("ul", "", ...waits.map(text => make("li", "", text)))));
      this.part("failure", ...parts);
    }

    code(step) {
      const action = page.actions[step.action];
      if (!action) return this.part("code");
      const [file, line] = [action.place.replace(/:\d+$/, ""), Number(action.place.match(/\d+$/))];
      const text = action.code.map((code, n) => make("span", "line", make("span", "at", String(line + n)), code || " "));
      const listing = make("pre", "", ...text);
      listing.tabIndex = 0;
      listing.setAttribute("aria-label", "source of the action");
      const kept = this.article.querySelector(".code details");
      const fold = make("details", "", make("summary", "", `${step.instance}  `, make("span", "note place", `${file}:${line}`)), listing);
      fold.open = kept ? kept.open : true;
      this.part("code", fold);
      explorerLinks(this.article);
    }

    state(at) {
      const [now, before] = [this.states[at], this.states[Math.max(at - 1, 0)]];
      const row = name => {
        const changed = at > 0 && now[name] !== before[name];
        const cell = make("td");
        if (changed) cell.append(make("del", "", before[name]), " → ", make("ins", "", now[name]));
        else cell.append(now[name]);
        const head = make("th", "", changed ? make("span", "mark", "●") : "", name);
        head.scope = "row";
        return make("tr", changed ? "changed" : "", head, cell);
      };
      const table = (names, caption) => make("table", "", make("caption", "", caption), make("tbody", "", ...names.map(row)));
      const names = Object.keys(this.data.initial);
      const observed = Object.entries(this.data.steps[at].observed || {}).map(([name, value]) => {
        const head = make("th", "", name);
        head.scope = "row";
        return make("tr", "", head, make("td", "", value));
      });
      const parts = [table(names.filter(name => this.moving.has(name)), at ? "State after this step (● changed by it)" : "Initial state")];
      if (observed.length) parts.push(make("table", "", make("caption", "", "Observed"), make("tbody", "", ...observed)));
      const still = names.filter(name => !this.moving.has(name));
      if (still.length) parts.push(this.folded("still", `${still.length} values that never change in this story`, table(still, "")));
      this.part("state", ...parts);
    }

    waits(step) {
      if (!step.possible) return this.part("waits");
      const name = this.article.dataset.story;
      const steps = this.data.steps.slice(1, this.at + 1).filter(one => one.action !== "stutter" && !one.failed).length;
      const list = numbers => make("ul", "", ...numbers.map(number => {
        const [instance, condition] = page.texts[number].split(/ waits for (.*)/s);
        const item = make("li", "", make("code", "", instance));
        if (!condition && window.explorerWalk?.can(name, steps)) {
          const take = make("button", "link", "take it");
          take.type = "button";
          take.setAttribute("aria-label", `take ${instance}`);
          take.addEventListener("click", () => window.explorerWalk.from(name, steps, instance));
          item.append(" ", take);
        }
        if (condition) item.append(make("span", "note", " waits for "), make("code", "", condition));
        return item;
      }));
      const possible = list(step.possible);
      if (!document.getElementById("walk")) possible.append(make("li", "note", "to take one: ", make("code", "", "python -m explorer serve SPEC"), ", or a report by ", make("code", "", "--write html"), " where the space is small"));
      this.part("waits",
        this.folded("possible", `${step.possible.length} step${step.possible.length === 1 ? "" : "s"} possible next`, possible),
        this.folded("waiting", `${step.waiting.length} action${step.waiting.length === 1 ? " waits" : "s wait"}`, list(step.waiting)));
    }

    /* A part that keeps being open or closed from step to step. */
    folded(name, summary, content) {
      const kept = this.article.querySelector(`details.${name}`);
      const made = make("details", name, make("summary", "", summary), content);
      made.open = Boolean(kept && kept.open);
      return made;
    }
  }

  const stories = [...document.querySelectorAll("article.story")].map(article => new Story(article));
  if (!stories.length) return;
  const choices = [...document.querySelectorAll("input[name=story]")];
  let active = stories[0];

  function choose(id, at, quiet) {
    active = stories.find(story => story.article.id === id) || active;
    for (const story of stories) story.article.hidden = story !== active;
    for (const choice of choices) choice.checked = choice.value === active.article.id;
    active.show(at ?? active.at, false, quiet);
  }

  function follow() {
    const [, id, at] = location.hash.match(/^#(story-\d+)(?:\/(\d+))?$/) || [];
    const story = stories.find(one => one.article.id === id);
    if (!story) return false;
    choose(id, at === undefined ? story.at : Math.min(Number(at), story.last));
    return true;
  }

  for (const choice of choices) choice.addEventListener("change", () => choose(choice.value));
  for (const link of document.querySelectorAll("a[href^='#story-']"))
    link.addEventListener("click", event => {
      event.preventDefault();
      choose(link.hash.slice(1));
      document.getElementById("story").scrollIntoView();
    });
  window.addEventListener("hashchange", follow);
  document.addEventListener("walkable", () => active.waits(active.data.steps[active.at]));
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.target.closest("input, textarea, select")) return;
    const scroller = event.target.closest("[tabindex='0']");
    if (scroller && scroller.scrollWidth > scroller.clientWidth) return;
    const inside = event.target.closest(".panel, .listing");
    const where = {ArrowLeft: "back", ArrowRight: "next", ...(inside ? {Home: "first", End: "last"} : {})}[event.key];
    if (!where) return;
    event.preventDefault();
    active.go(where);
  });
  if (!follow()) {
    const checked = choices.find(choice => choice.checked);
    choose(checked ? checked.value : stories[0].article.id, undefined, location.hash.startsWith("#walk/"));
  }
})();
