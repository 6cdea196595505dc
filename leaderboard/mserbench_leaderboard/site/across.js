// What is shown across the tasks: the best of each, what was lost under stress, where the rest lies.

const BEST = ["zero-shot", "development", "adapted"]; // the kinds of which a task has a best system
const byPlace = new Map(data.systems.map((system) => [system.place, system]));

function fillBest() {
  const made = data.tasks.map((task, number) => (inView(number) ? bestOf(task) : [])).filter((lines) => lines.length);
  const isShown = made.length > 0 && !state.search;
  document.getElementById("best").hidden = !isShown;
  if (!isShown) return;
  const top = element("tr", {}, element("th", { scope: "col" }, word("model")),
    element("th", { scope: "col", class: "plot" }, word("forest"), axis()), element("th", { scope: "col", class: "number" }, word("ua")));
  const table = element("table", { class: "systems" }, element("thead", {}, top),
    ...made.map((lines) => element("tbody", {}, ...lines)));
  document.getElementById("best-table").replaceChildren(scrolled(word("best"), table));
}

// The rows of a task: its name, then the best of each kind that is chosen.
function bestOf(task) {
  const systems = BEST.filter((kind) => state.kinds.has(kind) && byPlace.has(task.best[kind])).map((kind) => byPlace.get(task.best[kind]));
  if (!systems.length) return [];
  const title = element("th", { scope: "rowgroup", colspan: 3 },
    element("a", { href: addressOf(task.name) }, foreign(task.name)), element("small", {}, english(task.speech)));
  return [element("tr", { class: "group" }, title), ...systems.map((system) => element("tr", {},
    element("th", { scope: "row" }, element("a", { href: addressOf(system.place) }, foreign(system.name)), badges(system)),
    element("td", { class: "plot" }, forest(system.ua, task.constant[1], kindOf(system), true, system.byClip)),
    element("td", { class: "number" }, figure(system.ua, system.byClip))))];
}

// Numbers of alterations stand apart from those of a task, and are filtered by the same kinds.
function fillStress() {
  const chosen = data.stress.filter((line) => state.kinds.has(line.kind) && (state.synthetic || !line.synthetic)
    && (!state.spoken || line.languages.includes(state.spoken)) && line.name.toLowerCase().includes(state.search));
  document.getElementById("stress").hidden = !data.stress.length;
  document.getElementById("stress-status").textContent = word("stressStatus", { shown: chosen.length, all: data.stress.length });

  // Floors lose nothing, so alone they tell nothing.
  const isTold = chosen.some(({ kind }) => kind !== "floor");
  document.getElementById("stress-table").replaceChildren(...(isTold ? [stressTable(chosen)] : []));
}

function stressTable(lines) {
  const numbers = new Set(["clean", "mean", "change", "worstUa", "worstChange"]);
  const head = ["model", "task", "clean", "mean", "change", "worst", "worstUa", "worstChange"].map((key) =>
    element("th", { scope: "col", class: numbers.has(key) ? "number" : null }, word(key)));
  const number = (...content) => element("td", { class: "number" }, ...content);
  const pointsOf = (text) => element("bdi", { dir: "ltr", lang: "en" }, text);
  const body = lines.map((line) => element("tr", {},
    element("th", { scope: "row" }, foreign(line.name), badges(line)), element("td", {}, foreign(line.task)),
    number(figure(line.clean, line.byClip)), number(element("b", {}, digits(line.mean))), number(pointsOf(line.change)),
    element("td", {}, foreign(line.worst)), number(digits(line.worstUa)), number(pointsOf(line.worstChange))));
  return scrolled(word("stress"), element("table", { class: "stressed" },
    element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body)));
}

function fillElsewhere() {
  document.getElementById("elsewhere").hidden = !data.elsewhere.length;
  document.getElementById("elsewhere-list").replaceChildren(...data.elsewhere.map(([title, way]) =>
    element("li", {}, element("a", { href: way.split("/").map(encodeURIComponent).join("/") }, english(title)))));
}

// What the signs of a forest plot mean, drawn as they are drawn there.
function fillLegend() {
  const sample = (content, key) => element("span", { class: "sample" }, content, " ", word(key));
  const dot = (isFilled) => forest([50], undefined, "zero-shot", isFilled, false);
  document.getElementById("legend").replaceChildren(
    sample(dot(true), "legendTop"), sample(dot(false), "legendOther"),
    sample(forest([50, 5, 95], undefined, "zero-shot", true, false), "legendInterval"),
    sample(forest([50, 5, 95], undefined, "zero-shot", true, true), "legendByClip"),
    sample(forest([], 50, "zero-shot", false, false), "legendChance"));
  document.getElementById("heat-legend").replaceChildren("0 %", " ",
    ...Array.from({ length: STEPS }, (_, at) => element("span", { class: `swatch heat-${at}` })), " ", "100 %");
}

// The words of a record that stand as badges, each with its meaning.
function fillMeanings() {
  for (const name of ["verdicts", "marks", "heard"]) {
    document.getElementById(`all-${name}`).replaceChildren(...explained(Object.keys(data[name]), data[name]).children);
  }
}
