// The tables of the tasks, a line of the forest plot in each row.

const LIMIT = 30; // rows of a task before a button shows all of them
const COLUMNS = [
  { key: "rank", width: "narrow wide-only" }, { key: "model", sort: "name" },
  { key: "forest", width: "plot" }, { key: "ua", sort: "ua", width: "number" },
  { key: "wa", sort: "wa", width: "number wide-only" },
  { key: "mf1", sort: "mf1", width: "number wide-only" },
  { key: "trained", width: "wide-only" },
];
const SORTED_BY = {
  name: (system) => system.name.toLowerCase(),
  ua: (system) => system.ua[0], wa: (system) => system.more[0], mf1: (system) => system.more[2],
};
const COLOURED = new Set(["zero-shot", "development", "transductive", "adapted", "cross-corpus"]);

// One line of the plot: chance, interval, dot. The numbers stand beside it as text.
function forest(values, chance, kind, isFilled, byClip) {
  const plot = drawn("svg", { class: `forest of-${COLOURED.has(kind) ? kind : "other"}`, "aria-hidden": "true", focusable: "false" });
  if (chance !== undefined) {
    plot.append(drawn("line", { class: "chance", x1: `${chance}%`, x2: `${chance}%`, y1: 0, y2: "100%" }));
  }
  if (values.length > 1) {
    plot.append(drawn("line", { class: byClip ? "interval by-clip" : "interval", x1: `${values[1]}%`, x2: `${values[2]}%`, y1: "50%", y2: "50%" }));
  }
  if (values.length) {
    plot.append(drawn("circle", { class: isFilled ? "dot filled" : "dot", cx: `${values[0]}%`, cy: "50%", r: 4.5 }));
  }
  return plot;
}

function axis() {
  const scale = element("span", { class: "axis", "aria-hidden": "true", dir: "ltr" });
  for (const tick of [0, 25, 50, 75, 100]) scale.append(element("span", {}, String(tick)));
  return scale;
}

// Of a system, or of a row of those under stress.
function badges(system) {
  const line = element("span", { class: "badges" });
  if ((system.kind ?? kindOf(system)) !== "floor") {
    line.append(element("span", { class: `badge verdict-${system.verdict}` }, system.verdict));
  }
  if (system.tied) line.append(" ", element("span", { class: "badge tie" }, word("top")));
  for (const mark of system.marks ?? []) line.append(" ", element("span", { class: "badge" }, mark));
  if (system.spread !== undefined) {
    const spread = element("bdi", { dir: "ltr" }, `${system.seeds.length} ± ${digits(system.spread)}`);
    line.append(" ", element("span", { class: "badge" }, `${word("seeds")}: `, spread));
  }
  return line;
}

const rows = new Map(); // A row is made once for a language, as a filter shows the same ones again.
function row(system) {
  let made = rows.get(system);
  if (!made) {
    made = makeRow(system);
    rows.set(system, made);
  }
  return made;
}

function makeRow(system) {
  const task = data.tasks[system.task];
  const name = element("a", { href: addressOf(system.place) }, foreign(system.name));
  return element("tr", { class: system.tied ? "tied" : null },
    element("td", { class: "narrow wide-only" }, String(system.rank ?? "")),
    element("th", { scope: "row" }, name, badges(system)),
    element("td", { class: "plot" }, forest(system.ua, task.constant[1], kindOf(system), system.tied, system.byClip)),
    element("td", { class: "number" }, figure(system.ua, system.byClip)),
    element("td", { class: "number wide-only" }, digits(system.more[0])),
    element("td", { class: "number wide-only" }, digits(system.more[2])),
    element("td", { class: "wide-only" }, foreign(trainedOn(system))));
}

function constantRow(task) {
  const [label, value, wa, , mf1] = task.constant;
  const name = element("th", { scope: "row" }, foreign(word("constant", { label })));
  return element("tr", {}, element("td", { class: "narrow wide-only" }), name,
    element("td", { class: "plot" }, forest([value], value, "floor", false, false)),
    element("td", { class: "number" }, figure([value], false)),
    element("td", { class: "number wide-only" }, digits(wa)), element("td", { class: "number wide-only" }, digits(mf1)),
    element("td", { class: "wide-only" }));
}

function head() {
  const line = element("tr");
  for (const { key, sort, width } of COLUMNS) {
    const cell = element("th", { scope: "col", class: width ?? null });
    if (sort) {
      const sign = state.sort !== sort ? "" : state.descending ? " ↓" : " ↑";
      cell.append(element("button", { type: "button", "data-sort": sort }, word(key), element("span", { "aria-hidden": "true" }, sign)));
      if (state.sort === sort) cell.setAttribute("aria-sort", state.descending ? "descending" : "ascending");
    } else {
      cell.append(word(key));
    }
    if (key === "forest") cell.append(axis());
    line.append(cell);
  }
  return element("thead", {}, line);
}

// Sorting keeps the groups apart, and of equal values the order of the board.
function sorted(systems) {
  const value = SORTED_BY[state.sort];
  const sign = state.descending ? -1 : 1;
  return [...systems].sort((left, right) => {
    const [a, b] = [value(left), value(right)];
    return a < b ? -sign : a > b ? sign : left.position - right.position;
  });
}

// The bodies of a task's table, a group each, at most LIMIT rows in all.
function bodies(number, systems) {
  const task = data.tasks[number];
  const byGroup = new Map();
  for (const system of systems) {
    if (!byGroup.has(system.group)) byGroup.set(system.group, []);
    byGroup.get(system.group).push(system);
  }
  const made = [];
  let room = state.whole.has(`task ${number}`) ? Infinity : LIMIT;
  for (const [group, members] of byGroup) {
    const lines = sorted(members).slice(0, Math.max(room, 0)).map(row);
    room -= lines.length;
    if (data.groups[group].kind === "floor" && task.constant.length) lines.push(constantRow(task));
    if (!lines.length) continue;
    const title = element("th", { scope: "rowgroup", colspan: COLUMNS.length }, english(data.groups[group].title));
    if (data.groups[group].note) title.append(element("small", {}, english(data.groups[group].note.replace(/\*/g, ""))));
    made.push(element("tbody", {}, element("tr", { class: "group" }, title), ...lines));
  }
  return made;
}

function publishedTable(task) {
  const chosen = publishedShown(task);
  if (!chosen.length) return null;
  const line = element("tr");
  for (const key of ["system", "forest", "ua", "wa", "wf1", "mf1", "exposure", "source", "note"]) {
    const narrow = { forest: "plot", wf1: "wide-only", mf1: "wide-only", source: "wide-only", note: "wide-only" };
    line.append(element("th", { scope: "col", class: narrow[key] ?? null },
      word(key === "forest" ? "ua" : key), key === "forest" ? axis() : ""));
  }
  const lines = chosen.map(({ system, values, exposure, source: where, note }) => element("tr", {},
    element("th", { scope: "row" }, foreign(system),
      element("small", { class: "phone-only" }, foreign([where, note].filter(Boolean).join(". ")))),
    element("td", { class: "plot" }, values[0] === null ? "" : forest([values[0]], task.constant[1], "other", false, false)),
    ...values.map((value, position) => element("td", { class: position > 1 ? "number wide-only" : "number" }, digits(value))),
    element("td", {}, english(exposure)),
    element("td", { class: "wide-only" }, foreign(where)), element("td", { class: "wide-only" }, foreign(note))));
  return element("div", { class: "published" }, element("h3", {}, word("publishedTitle")),
    scrolled(`${word("publishedTitle")}, ${task.name}`, element("table", {}, element("thead", {}, line), element("tbody", {}, ...lines))));
}

// A wide table scrolls by itself, by keyboard too, so that the page never does sideways.
function scrolled(label, table) {
  return element("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": label }, table);
}

function showAllButton(key, count) {
  return element("button", { type: "button", class: "more", "data-whole": key }, word("showAll", { count }));
}
