// The heat map: a row for each model with one training, a column for each task, by language.

const HEAT_LIMIT = 25;
const STEPS = 6;

// The name without what tells it from its neighbours on one task.
const called = (system) => system.called ?? system.name;

// How much of the way from chance to 100 is covered, as one of the colours.
function step(value, chance) {
  const share = (value - chance) / Math.max(100 - chance, 1);
  return Math.min(STEPS - 1, Math.max(0, Math.floor(share * STEPS)));
}

function heatTable(systems) {
  const tasks = [...new Set(systems.map((system) => system.task))];
  const language = (number) => data.tasks[number].languages.join(", ");
  tasks.sort((a, b) => (language(a) < language(b) ? -1 : language(a) > language(b) ? 1 : a - b));

  const lines = new Map();
  for (const system of systems) {
    const key = JSON.stringify([called(system), system.trained, system.group]);
    if (!lines.has(key)) lines.set(key, new Map());
    lines.get(key).set(system.task, system);
  }

  // First what was tried on most tasks, then the higher mean; of equal ones the order of the board.
  const mean = (line) => [...line.values()].reduce((sum, system) => sum + system.ua[0], 0) / line.size;
  const ordered = [...lines.values()].map((line) => [line, line.size, mean(line)]);
  ordered.sort((left, right) => right[1] - left[1] || right[2] - left[2]);
  const limit = state.whole.has("heat") ? Infinity : HEAT_LIMIT;
  const shown = ordered.slice(0, limit).map(([line]) => line);

  const groups = [];
  for (const number of tasks) {
    const last = groups.at(-1);
    if (last && last[0] === language(number)) last[1] += 1;
    else groups.push([language(number), 1]);
  }
  const top = element("tr", {}, element("th", { scope: "col", rowspan: "2" }, word("model")),
    ...groups.map(([name, count]) => element("th", { scope: "colgroup", colspan: count }, foreign(name.split(", ").map(languageName).join(", ")))));
  const second = element("tr", {}, ...tasks.map((number) => element("th", { scope: "col" },
    element("a", { href: addressOf(data.tasks[number].name) }, foreign(data.tasks[number].name)))));
  const table = element("table", { class: "heat" }, element("thead", {}, top, second),
    element("tbody", {}, ...shown.map((line) => heatRow(line, tasks))));
  const made = [scrolled(word("heat"), table)];
  if (ordered.length > shown.length) made.push(showAllButton("heat", ordered.length));
  return made;
}

function heatRow(line, tasks) {
  const first = line.values().next().value;
  const trained = trainedOn(first);
  const kind = kindOf(first) === "zero-shot" ? "" : data.groups[first.group].title;
  const name = element("th", { scope: "row" }, foreign(called(first)),
    element("small", {}, foreign([trained, kind].filter(Boolean).join("; "))));
  return element("tr", {}, name, ...tasks.map((number) => {
    const system = line.get(number);
    if (!system) return element("td", {});
    const link = element("a", { href: addressOf(system.place),
      "aria-label": `${digits(system.ua[0])}, ${called(system)}, ${data.tasks[number].name}` }, digits(system.ua[0]));
    return element("td", { class: `heat-${step(system.ua[0], data.tasks[number].constant[1] ?? 0)}` }, link);
  }));
}
