// The filters, the sections of the tasks, and what follows when something is chosen.

const KINDS = ["zero-shot", "development", "transductive", "adapted", "cross-corpus", "other", "floor", "apart"];
const sections = [];

function matches(system) {
  return state.kinds.has(kindOf(system)) && isLookedFor(system);
}

function isLookedFor(system) {
  return inView(system.task) && (!state.search || system.haystack.includes(state.search));
}

// The published numbers of a task that are shown. They are greyed, and no search leads to them.
function publishedShown(task, kinds = state.kinds) {
  return state.published && !state.search ? task.published.filter(({ kind }) => kinds.has(kind)) : [];
}

function inView(number) {
  const task = data.tasks[number];
  return (state.synthetic || !task.synthetic) && (!state.spoken || task.languages.includes(state.spoken));
}

// Sentences of several hands and languages, each isolated from the next.
function facts(task) {
  const parts = task.speech ? [english(`${task.speech}.`)] : [];
  if (task.synthetic) parts.push(english(`${data.marks.synthetic}.`));
  parts.push(foreign(`${word("labels", { labels: task.labels.join(", ") })}.`));
  if (task.smallest) parts.push(foreign(word("smallest", { points: task.smallest })));
  else if (task.smallest === 0) parts.push(foreign(word("noSmallest")));
  if (task.unattributed) parts.push(foreign(word("unattributed", { count: task.unattributed })));
  return parts.flatMap((part) => [part, " "]);
}

function corpusOf({ corpus, version, hash }) {
  const list = element("dl");
  fact(list, "corpusName", foreign(corpus.title));
  for (const key of ["licence", "citation", "source"]) {
    if (corpus[key]) fact(list, key, key === "source" ? source(corpus[key]) : foreign(corpus[key]));
  }
  fact(list, "version", `${version} (${hash})`);
  return element("details", { class: "corpus" }, element("summary", {}, word("corpus")), list);
}

function buildSections() {
  sections.length = 0;
  const made = data.tasks.map((task, number) => {
    const table = element("table", { class: "systems" });
    const after = element("div");
    const title = element("h2", { id: `task-${number}`, tabindex: "-1" }, foreign(task.name));
    const section = element("section", { class: "task", "aria-labelledby": `task-${number}` },
      title, element("p", {}, foreign(task.title)), element("p", { class: "facts" }, ...facts(task)),
      scrolled(word("tableOf", { task: task.name }), table), after, corpusOf(task));
    sections.push({ section, table, after, title });
    return section;
  });
  document.getElementById("tasks").replaceChildren(...made);
}

// Shows what the filters let through. Of 2,000 results it takes less than 100 ms.
function render() {
  const byTask = data.tasks.map(() => []);
  let shown = 0;
  for (const system of data.systems) {
    if (!matches(system)) continue;
    byTask[system.task].push(system);
    shown += 1;
  }
  let tasks = 0;
  for (const [number, { section, table, after }] of sections.entries()) {
    const systems = byTask[number];
    const isEmpty = !systems.length && !publishedShown(data.tasks[number]).length;
    section.hidden = !inView(number) || isEmpty;
    if (section.hidden) continue;
    tasks += 1;
    table.replaceChildren(head(), ...bodies(number, systems));
    table.hidden = !systems.length;
    const count = systems.length;
    const further = count > LIMIT && !state.whole.has(`task ${number}`) ? [showAllButton(`task ${number}`, count)] : [];
    const none = count ? [] : [element("p", {}, word("noRows"))];
    const others = publishedTable(data.tasks[number]);
    after.replaceChildren(...none, ...further, ...(others ? [others] : []));
  }
  const ranked = data.systems.filter((system) => matches(system) && kindOf(system) !== "floor");
  document.getElementById("heat").hidden = !ranked.length;
  document.getElementById("heat-table").replaceChildren(...(ranked.length ? heatTable(ranked) : []));
  fillBest();
  fillStress();
  tell(shown, tasks);
}

// Says how much is shown and how it is sorted, for eyes and for voices.
function tell(shown, tasks) {
  const published = data.tasks.reduce((sum, task, number) => sum + (inView(number) ? publishedShown(task).length : 0), 0);
  const column = word(COLUMNS.find(({ sort }) => sort === state.sort).key);
  document.getElementById("status").textContent = [
    word("status", { shown, all: data.systems.length, tasks, allTasks: data.tasks.length }),
    published ? word("statusPublished", { count: published }) : "",
    word(state.descending ? "sortedDown" : "sortedUp", { column }),
  ].filter(Boolean).join(" ");

  // What each kind would show, by all else that is chosen.
  const counts = Object.fromEntries(KINDS.map((kind) => [kind, 0]));
  for (const system of data.systems) counts[kindOf(system)] += isLookedFor(system) ? 1 : 0;
  for (const [number, task] of data.tasks.entries()) {
    if (inView(number)) for (const { kind } of publishedShown(task, new Set(KINDS))) counts[kind] += 1;
  }
  for (const count of document.querySelectorAll("[data-count]")) count.textContent = `(${counts[count.dataset.count].toLocaleString(state.tongue)})`;
}

function showTask(number) {
  const { section, title } = sections[number];
  if (section.hidden) {
    state.synthetic = state.synthetic || data.tasks[number].synthetic;
    state.spoken = "";
    state.search = "";
    fillControls();
    render();
  }
  // To focus alone would scroll too, to the middle in some browsers.
  title.focus({ preventScroll: true });
  title.scrollIntoView();
  // And once more when the page is drawn: WebKit forgets what was scrolled before.
  requestAnimationFrame(() => title.scrollIntoView());
}

function fillControls() {
  document.getElementById("search").value = state.search;
  document.getElementById("synthetic").checked = state.synthetic;
  const present = new Set([...data.groups, ...data.stress].map(({ kind }) => kind));
  for (const task of data.tasks) for (const { kind } of task.published) present.add(kind);
  document.getElementById("kinds").replaceChildren(...KINDS.filter((kind) => present.has(kind)).map((kind) =>
    element("label", { class: `chip of-${kind}` },
      element("input", { type: "checkbox", value: kind, checked: state.kinds.has(kind) }), " ", word(`kind.${kind}`),
      " ", element("span", { "data-count": kind }))));
  const languages = [...new Set(data.systems.flatMap(spokenIn))].sort();
  document.getElementById("spoken").replaceChildren(element("option", { value: "" }, word("allLanguages")),
    ...languages.map((code) => element("option", { value: code, selected: code === state.spoken }, languageName(code))));
}

// Writes all labels anew, as when another language was chosen.
function translate() {
  document.documentElement.lang = state.tongue;
  document.documentElement.dir = words[state.tongue].direction;
  document.title = `mserbench: ${word("title")}`;
  for (const labelled of document.querySelectorAll("[data-word]")) labelled.textContent = word(labelled.dataset.word);
  rows.clear();
  fillControls();
  fillLegend();
  fillMeanings();
  fillElsewhere();
  buildSections();
  render();
}

function listen() {
  document.getElementById("kinds").addEventListener("change", ({ target }) => {
    if (target.checked) state.kinds.add(target.value);
    else state.kinds.delete(target.value);
    render();
  });
  document.getElementById("search").addEventListener("input", ({ target }) => {
    state.search = target.value.trim().toLowerCase();
    render();
  });
  for (const name of ["synthetic", "published"]) {
    document.getElementById(name).addEventListener("change", ({ target }) => {
      state[name] = target.checked;
      render();
    });
  }
  document.getElementById("spoken").addEventListener("change", ({ target }) => {
    state.spoken = target.value;
    render();
  });
  document.getElementById("tongue").addEventListener("change", ({ target }) => {
    state.tongue = target.value;
    translate();
  });
  document.querySelector("main").addEventListener("click", pressed);
  addEventListener("hashchange", followAddress);
  // On paper nothing can be unfolded; afterwards the page is as it was.
  let unfolded = [];
  addEventListener("beforeprint", () => {
    unfolded = [...document.querySelectorAll("details:not([open])")];
    for (const folded of unfolded) folded.open = true;
  });
  addEventListener("afterprint", () => {
    for (const folded of unfolded) folded.open = false;
  });
}

function pressed({ target }) {
  const button = target.closest("button");
  if (button?.dataset.sort) {
    const label = button.closest(".scroll").getAttribute("aria-label");
    state.descending = state.sort === button.dataset.sort ? !state.descending : button.dataset.sort !== "name";
    state.sort = button.dataset.sort;
    render();
    // The head is made anew, and who sorts by keyboard goes on from the same column.
    for (const region of document.querySelectorAll(".scroll")) {
      if (region.getAttribute("aria-label") === label) region.querySelector(`[data-sort="${state.sort}"]`)?.focus();
    }
  } else if (button?.dataset.whole) {
    const region = button.parentElement.closest("section").querySelector(".scroll");
    state.whole.add(button.dataset.whole);
    render();
    (region.isConnected ? region : document.querySelector("#heat .scroll")).focus();
  }
}

document.getElementById("tongue").append(...Object.keys(words).map((code) =>
  element("option", { value: code, lang: code }, words[code].name)));
document.getElementById("tongue").closest("label").hidden = Object.keys(words).length < 2;
listen();
translate();
followAddress();
