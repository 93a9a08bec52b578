"use strict";
// Views, filters and keys of the page. It builds no HTML from text: what comes from the checkout is in the document
// already, escaped, and is only shown, hidden and moved.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const form = one("#filters");
  const views = new Map(all(".view:not(.backend)").map((view) => [view.id.slice(2), view]));
  const backends = new Map(all(".backend").map((view) => [view.dataset.name, view]));
  const hosts = new Map(all(".host").map((view) => [view.dataset.host, view]));
  const tables = all("table.grid");
  const collator = new Intl.Collator("en");
  const titles = {
    lang: new Map(all("[name=lang] option", form).map((option) => [option.value, option.textContent])),
    modality: new Map(all("[name=modality] option", form).map((option) => [option.value, option.textContent])),
  };
  const first = one("nav a").dataset.view;
  const defaults = { group: "lang", sort: "name" };
  let shown = first;
  let lastView = "#" + first;
  document.documentElement.classList.add("js");

  // ---- the address: `#matrix&lang=go`, `#host=amd&modality=tts`, `#ds4&platform=cuda12`, `#backend=matrix`

  function parsed() {
    const found = { where: "", filters: {} };
    for (const piece of location.hash.slice(1).split("&")) {
      const at = piece.indexOf("=");
      let key = at < 0 ? "where" : piece.slice(0, at);
      let value = at < 0 ? piece : piece.slice(at + 1);
      try {
        value = decodeURIComponent(value);
      } catch {
        // a stray % stands for itself
      }
      if (key === "where") found.where = found.where || value;
      else found.filters[key] = value;
    }
    return found;
  }

  function route() {
    const { where, filters } = parsed();
    const name = "backend" in filters ? filters.backend : where;
    const page = "backend" in filters || !views.has(name) ? backends.get(name) : undefined;
    let view = page ? "" : views.has(where) ? where : where ? "missing" : first;
    if ("host" in filters) view = hosts.has(filters.host) ? "hosts" : "missing";
    if ("rule" in filters) view = "rules";
    if (view === "missing") one("#missing").textContent = location.hash;
    for (const [id, section] of views) section.classList.toggle("on", id === view);
    for (const section of backends.values()) section.classList.toggle("on", section === page);
    shown = page ? "backend" : view;
    for (const link of all("nav a")) mark(link, link.dataset.view === view, "page");
    form.hidden = !["matrix", "places", "hosts"].includes(view);
    for (const label of all("label[data-for]", form)) label.hidden = !label.dataset.for.split(" ").includes(view);
    if (page) showBackend(page, filters);
    else if (!form.hidden) showTable(view, filters);
    if (view === "rules") showRule(filters.rule);
    document.title = `${page ? name : view === "hosts" ? "Hosts" : view || first} – ${one("h1").textContent.trim()}`;
  }

  function mark(link, on, word) {
    if (on) link.setAttribute("aria-current", word);
    else link.removeAttribute("aria-current");
  }

  function showTable(view, filters) {
    lastView = location.hash || "#" + first;
    for (const field of form.elements) {
      if (field.name) field.value = filters[field.name] ?? defaults[field.name] ?? "";
      if (field.name && field.selectedIndex === -1) field.value = defaults[field.name] ?? "";
    }
    if (view === "hosts") showHost(filters.host || hosts.keys().next().value);
    filter();
  }

  function showHost(id) {
    for (const [key, section] of hosts) section.classList.toggle("on", key === id);
    for (const link of all(".hostlist a")) mark(link, link.dataset.host === id, "true");
  }

  function showBackend(page, filters) {
    drawWays(page);
    const at = all("[data-way]", page).findIndex((button) => button.dataset.variant === filters.platform);
    pickWay(page, Math.max(0, at));
    scrollTo({ top: 0, behavior: "instant" });
    one(".back", page).setAttribute("href", lastView);
    const target = one("place" in filters ? ".placehead" : "h2", page);
    target.tabIndex = -1;
    target.focus({ preventScroll: !("place" in filters) });
  }

  // ---- drawings: built from the texts of a data block when a backend is first looked at

  const drawings = JSON.parse(one("#ways").textContent);

  function element(tag, className, ...content) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...content);
    return made;
  }

  function drawWays(page) {
    const box = one("[data-ways]", page);
    if (!box || box.firstChild) return;
    const jump = element("p", "jump");
    box.append(jump);
    drawings.ways[box.dataset.ways].forEach(([variant, platform, suffix, stations, unknown], number) => {
      const title = drawings.platforms[variant] ?? variant;
      const button = element("button", "chip", title + " ", element("small", "", platform));
      button.type = "button";
      button.dataset.way = number;
      button.dataset.variant = variant || "none";
      jump.append(button);
      const tag = element("small", "", `${platform}, tag `, element("code", "", suffix));
      const way = element("div", "way", element("h4", "", title + " ", tag));
      way.append(element("ol", "stations", ...stations.map((at) => station(drawings.stations[at]))));
      if (unknown.length) {
        const gaps = unknown.map((at) => element("li", "", drawings.texts[at]));
        way.append(element("details", "", element("summary", "", `${gaps.length} not known`), element("ul", "", ...gaps)));
      }
      box.append(way);
    });
  }

  function station([id, title, broken, lines]) {
    const made = element("li", id + (broken ? " broken" : ""), element("b", "", drawings.texts[title]));
    let before = "";
    for (const [text, place] of lines) {
      const line = element("p", "", drawings.texts[text]);
      const where = drawings.texts[place];
      const path = where.replace(/:\d*$/, "");
      if (where) line.append(" ", element("code", "", path === before ? where.slice(path.length) : where));
      before = path || before;
      made.append(line);
    }
    return made;
  }

  function pickWay(page, at) {
    all(".way", page).forEach((way, number) => way.classList.toggle("on", number === at));
    all("[data-way]", page).forEach((button, number) => button.setAttribute("aria-pressed", String(number === at)));
  }

  function showRule(id) {
    for (const rule of all(".rule")) rule.classList.toggle("on", rule.id === "r-" + id);
    one(".rule.on")?.scrollIntoView({ block: "center" });
  }

  // ---- filters

  const wanted = () => Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));

  function matches(row, want, words) {
    const data = row.dataset;
    const text = `${data.name} ${data.lang} ${data.mod}`.toLowerCase();
    if (words.some((word) => !text.includes(word))) return false;
    if (want.lang && data.lang !== want.lang) return false;
    if (want.modality && !data.mod.split(" ").includes(want.modality)) return false;
    const [, error, warning, note] = numbers(row);
    if (want.severity === "clean") return error + warning + note === 0;
    const reached = { error, warning: error + warning, note: error + warning + note }[want.severity];
    return reached === undefined || reached > 0;
  }

  /** The row's numbers of images, errors, warnings and notes. */
  function numbers(row) {
    return row.dataset.n.split(" ").map(Number);
  }

  function cellMatches(cell, want) {
    if (want === "unreached") return "u" in cell.dataset;
    return !want || cell.dataset.s === want || (cell.dataset.s === "mixed" && (want === "built" || want === "offered"));
  }

  function columnsOf(table, key) {
    return all("thead tr:first-child th", table).flatMap((head, at) => (head.dataset.key && (!key || head.dataset.key === key) ? [at] : []));
  }

  const every = new Map(tables.map((table) => [table, columnsOf(table, "")]));

  function filter() {
    const want = wanted();
    const words = (want.text || "").toLowerCase().split(/\s+/).filter(Boolean);
    if (shown === "hosts") return filterHosts(want, words);
    const table = one("#g-" + shown);
    const places = shown === "places";
    const [key, state] = places ? [want.place, want.mark] : [want.platform, want.image];
    const columns = columnsOf(table, key);
    const asked = Boolean(state) || (!places && Boolean(key));
    const counts = every.get(table).map(() => [0, 0]);
    const tally = [0, 0, 0, 0];
    const dims = (table.dataset.key ?? "") !== (key ?? "");
    table.dataset.key = key ?? "";
    let count = 0;
    for (const row of table.tBodies[0].rows) {
      if (row.classList.contains("group")) continue;
      let on = matches(row, want, words);
      if (on && asked) {
        on = columns.some((at) => cellMatches(row.cells[at], state) && (state || row.cells[at].dataset.s !== "none"));
      }
      row.hidden = !on;
      if (dims) for (const at of every.get(table)) row.cells[at].classList.toggle("dimmed", Boolean(key) && !columns.includes(at));
      if (!on) continue;
      count += 1;
      counts.forEach((pair, number) => {
        const cell = row.cells[number + 1].dataset.s;
        pair[0] += Number(places ? cell === "there" : ["both", "built", "mixed"].includes(cell));
        pair[1] += Number(places ? cell === "missing" : ["both", "offered", "mixed"].includes(cell));
      });
      numbers(row).forEach((number, at) => (tally[at] += number));
    }
    total(table, counts, tally);
    arrange(table, want);
    roving(table);
    one("#shown").value = `${count} of ${all("tbody tr:not(.group)", table).length} backends`;
    remember(want);
  }

  function total(table, counts, tally) {
    const cells = all(".totals td", table);
    counts.forEach((pair, number) => (cells[number].textContent = pair.join(" / ")));
    for (const cell of cells) {
      if (cell.dataset.total === "images") cell.textContent = tally[0];
      if (cell.dataset.total === "findings") {
        all(".n", cell).forEach((badge, number) => (badge.firstChild.data = tally[number + 1]));
      }
    }
  }

  function filterHosts(want, words) {
    const section = one(".host.on");
    let count = 0;
    for (const card of all(".card", section)) {
      const mine = !want.modality || card.dataset.mod === want.modality;
      let left = 0;
      for (const item of all("li", card)) {
        const text = item.textContent.toLowerCase();
        const on = mine && words.every((word) => text.includes(word)) && (!want.gets || item.classList.contains(want.gets));
        item.hidden = !on;
        left += Number(on);
      }
      card.hidden = left === 0;
      one("small", card).textContent = left;
      count += left;
    }
    one("#shown").value = `${count} shown`;
    remember({ ...want, host: section.dataset.host });
  }

  /** Writes the filters into the address, so that a link leads to what is seen. */
  function remember(want) {
    const pieces = [want.host ? `host=${encodeURIComponent(want.host)}` : shown];
    for (const [key, value] of Object.entries(want)) {
      const usable = one(`[name=${key}]`, form)?.closest("label");
      if (key !== "host" && defaults[key] !== value && usable && !usable.hidden) pieces.push(`${key}=${encodeURIComponent(value)}`);
    }
    const address = "#" + pieces.join("&");
    lastView = address;
    if (address !== location.hash && (location.hash || pieces.length > 1)) history.replaceState(null, "", address);
  }

  // ---- order and groups

  const order = {
    name: (one, other) => collator.compare(one.dataset.name, other.dataset.name),
    images: (one, other) => numbers(other)[0] - numbers(one)[0] || order.name(one, other),
    findings: (one, other) => {
      const [mine, theirs] = [numbers(one), numbers(other)];
      const at = [1, 2, 3].find((at) => mine[at] !== theirs[at]);
      return at ? theirs[at] - mine[at] : order.name(one, other);
    },
  };

  function arrange(table, want) {
    const body = table.tBodies[0];
    const wish = `${want.group} ${want.sort} ${want.modality ?? ""}`;
    if (table.dataset.arranged !== wish) {
      table.dataset.arranged = wish;
      for (const row of all("tr.group", body)) row.remove();
      const rows = [...body.rows].sort(order[want.sort]);
      const groups = new Map();
      for (const row of rows) {
        const key = groupOf(row, want);
        groups.set(key, [...(groups.get(key) ?? []), row]);
      }
      const keys = want.group === "none" ? [...groups.keys()] : [...titles[want.group].keys(), ""].filter((key) => groups.has(key));
      const pieces = [...new Set(keys)].flatMap((key) => (want.group === "none" ? [] : [heading(table, want, key)]).concat(groups.get(key)));
      body.append(...pieces);
    }
    let group = null;
    for (const row of body.rows) {
      if (row.classList.contains("group")) {
        group = row;
        row.hidden = true;
      } else if (!row.hidden && group) group.hidden = false;
    }
  }

  function groupOf(row, want) {
    if (want.group === "lang") return row.dataset.lang;
    if (want.group !== "modality") return "";
    const served = row.dataset.mod.split(" ");
    return served.includes(want.modality) ? want.modality : served[0];
  }

  function heading(table, want, key) {
    const row = document.createElement("tr");
    const cell = document.createElement("th");
    row.className = "group";
    cell.colSpan = table.tHead.rows[0].cells.length;
    cell.scope = "rowgroup";
    cell.setAttribute("role", "rowheader");
    cell.textContent = key ? titles[want.group].get(key) : "Nothing that is known";
    row.append(cell);
    return row;
  }

  // ---- keys: one stop for each table, arrows inside it

  function rowsOf(table) {
    return [...table.tBodies[0].rows].filter((row) => !row.hidden && !row.classList.contains("group"));
  }

  function roving(table) {
    const now = one("[tabindex='0']", table);
    if (now && !now.closest("tr").hidden) return;
    if (now) now.tabIndex = -1;
    const cell = rowsOf(table)[0]?.cells[0];
    if (cell) cell.tabIndex = 0;
  }

  function moved(table, cell, key) {
    const rows = rowsOf(table);
    const at = rows.indexOf(cell.closest("tr"));
    const column = cell.cellIndex;
    const last = rows[0].cells.length - 1;
    switch (key) {
      case "ArrowDown": return rows[at + 1]?.cells[column];
      case "ArrowUp": return rows[at - 1]?.cells[column];
      case "ArrowRight": return rows[at].cells[column + 1];
      case "ArrowLeft": return rows[at].cells[column - 1];
      case "Home": return rows[at].cells[0];
      case "End": return rows[at].cells[last];
      case "PageDown": return rows[Math.min(at + 10, rows.length - 1)].cells[column];
      case "PageUp": return rows[Math.max(at - 10, 0)].cells[column];
    }
    return undefined;
  }

  function open(cell) {
    const row = cell.closest("tbody tr");
    if (!row || row.classList.contains("group")) return;
    const head = cell.closest("table").tHead.rows[0].cells[cell.cellIndex];
    const address = one("a", row).getAttribute("href");
    const key = head.dataset.key;
    const name = shown === "places" ? "place" : "platform";
    location.hash = key ? `${address}&${name}=${encodeURIComponent(key)}` : address;
  }

  for (const table of tables) {
    for (const cell of all("tbody td, tbody th", table)) cell.tabIndex = -1;
    table.addEventListener("keydown", (event) => {
      const cell = event.target.closest("tbody td, tbody th");
      if (!cell) return;
      if (event.key === "Enter") {
        event.preventDefault();
        return open(cell);
      }
      const next = event.ctrlKey || event.metaKey || event.altKey ? undefined : moved(table, cell, event.key);
      if (!next) return;
      event.preventDefault();
      cell.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
    table.addEventListener("click", (event) => {
      const cell = event.target.closest("tbody td");
      if (cell && !event.target.closest("a")) open(cell);
    });
    table.addEventListener("focusin", (event) => tell(event.target.closest("[aria-label]")));
    table.addEventListener("mouseover", (event) => tell(event.target.closest("td[aria-label]")));
    table.addEventListener("mouseleave", () => tell(null));
    table.addEventListener("focusout", () => tell(null));
  }

  // ---- what a cell says, for those who see it

  const tip = document.createElement("div");
  tip.id = "tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);

  function tell(cell) {
    tip.hidden = !cell || cell.tagName !== "TD";
    if (tip.hidden) return;
    tip.textContent = `${cell.closest("tr").dataset.name ?? ""} – ${cell.getAttribute("aria-label")}`;
    const box = cell.getBoundingClientRect();
    const width = tip.offsetWidth;
    tip.style.left = `${Math.max(4, Math.min(box.left, innerWidth - width - 8))}px`;
    tip.style.top = box.bottom + tip.offsetHeight + 6 > innerHeight ? `${box.top - tip.offsetHeight - 4}px` : `${box.bottom + 4}px`;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("input, select, textarea");
    if (event.key === "Escape") {
      if (typing) event.target.blur();
      else if (shown === "backend" || shown === "rules") location.hash = lastView;
    } else if (typing) return;
    else if (event.key === "/" && !form.hidden) {
      event.preventDefault();
      form.elements.text.focus();
    } else if (/^[1-9]$/.test(event.key)) {
      const link = all("nav a")[Number(event.key) - 1];
      if (link) location.hash = link.getAttribute("href");
    }
  });

  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  document.addEventListener("click", (event) => {
    const way = event.target.closest("[data-way]");
    if (way) pickWay(way.closest(".backend"), Number(way.dataset.way));
    const copies = event.target.closest(".copies");
    if (copies) copy(copies);
  });

  async function copy(button) {
    const source = button.previousElementSibling;
    let done = true;
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      getSelection().selectAllChildren(source);
      done = false;
    }
    button.textContent = done ? "Copied" : "Selected";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  }

  one("#theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  addEventListener("hashchange", route);
  route();
})();
