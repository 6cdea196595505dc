// The card of a result, in a dialog that the address of the page leads to.

const card = document.getElementById("card");
let opener = null; // what had the focus before a card opened, by its address

function fact(list, key, ...content) {
  const filled = content.filter((piece) => piece !== "" && piece !== null && piece !== undefined);
  if (filled.length) list.append(element("dt", {}, word(key)), element("dd", {}, ...filled));
}

// A list of texts with what each means: English, so read from left to right on every page.
function explained(names, meanings) {
  return element("ul", { dir: "ltr" }, ...names.map((name) => {
    const meaning = meanings[name.split(":")[0]];
    return element("li", {}, element("b", {}, foreign(name)), meaning ? ": " : "", meaning ? english(meaning) : "");
  }));
}

function metricsTable(system) {
  const lines = [["UA", system.ua], ...["WA", "WF1", "MF1"].map((name, at) => [name, [system.more[at]]])];
  if (system.canonical) lines.push([word("canonical"), system.canonical]);
  lines.push([word("unparsed"), [system.unparsed]]);
  const head = element("tr", {}, ...["metric", "value", "interval"].map((key) => element("th", { scope: "col" }, word(key))));
  const body = lines.map(([name, values]) => element("tr", {}, element("th", { scope: "row" }, name),
    element("td", { class: "number" }, digits(values[0])),
    element("td", { class: "number" }, element("bdi", { dir: "ltr" },
      values.length > 1 ? `${digits(values[1])} – ${digits(values[2])}` : ""),
    system.byClip && values.length > 1 ? ` ${word("overClips")}` : "")));
  return element("table", {}, element("thead", {}, head), element("tbody", {}, ...body));
}

function confusionTable(system) {
  const { labels } = data.tasks[system.task];
  const width = labels.length + 1;
  const at = (line, column) => system.confusion[line * width + column];
  const unread = labels.some((label, line) => at(line, labels.length) > 0);
  const answers = unread ? [...labels, word("unread")] : labels;
  const head = element("tr", {}, element("th", { scope: "col" }, word("truth")),
    ...answers.map((label) => element("th", { scope: "col" }, foreign(label))), element("th", { scope: "col" }, "n"));
  const body = labels.map((label, line) => {
    const total = system.confusion.slice(line * width, (line + 1) * width).reduce((sum, count) => sum + count, 0);
    return element("tr", {}, element("th", { scope: "row" }, foreign(label)),
      ...answers.map((answer, column) => {
        const share = total ? (100 * at(line, column)) / total : 0;
        const colour = `heat-${Math.min(STEPS - 1, Math.floor((share / 100) * STEPS))}`;
        return element("td", { class: line === column ? `${colour} right` : colour }, total ? share.toFixed(0) : "");
      }), element("td", { class: "number" }, String(total)));
  });
  return scrolled(word("confusion"), element("table", { class: "heat confusion", "aria-describedby": "confusion-note" }, element("thead", {}, head), element("tbody", {}, ...body)));
}

function predictionsOf(system) {
  if (!data.results) return [];
  const places = system.seeds ? system.seeds.map(([seed, , place]) => [word("seed", { seed }), place]) : [[word("predictions"), system.place]];
  const links = places.map(([name, place]) => element("a",
    { href: `${data.results}/${place.split("/").map(encodeURIComponent).join("/")}/predictions.csv` }, name));
  return links.flatMap((link, position) => (position ? [", ", link] : [link]));
}

function fillCard(system) {
  const task = data.tasks[system.task];
  const text = (number) => data.texts[number] ?? "";
  const list = element("dl");
  fact(list, "task", foreign(`${task.name}: ${task.title}`));
  fact(list, "verdict", explained([system.verdict], data.verdicts),
    element("ul", { dir: "ltr" }, ...(system.reasons ?? []).map((number) => element("li", {}, foreign(text(number))))));
  if (system.marks) fact(list, "marks", explained(system.marks, data.marks));
  fact(list, "heard", explained([system.heard], data.heard));
  fact(list, "trained", foreign(trainedOn(system)));
  fact(list, "scored", counted(system.n));
  if (system.fixed) fact(list, "seeds", word("noSeeds"));
  if (system.seeds) {
    const values = system.seeds.map(([seed, value]) => `${word("seed", { seed })}: ${digits(value)}`).join("; ");
    fact(list, "seeds", foreign(values), `; ${word("spread", { points: digits(system.spread) })}`);
  }
  const options = Object.entries(system.options ?? {}).map(([key, number]) => `${key}=${text(number)}`);
  fact(list, "options", foreign(options.join(", ")));
  if (text(system.weights)) fact(list, "weights", element("code", {}, foreign(text(system.weights))));
  if (text(system.licence)) fact(list, "licence", foreign(text(system.licence)));
  if (text(system.citation)) fact(list, "citation", foreign(text(system.citation)));
  fact(list, "predictions", ...predictionsOf(system));
  fact(list, "created", system.created);
  card.replaceChildren(
    element("form", { method: "dialog" }, element("button", { class: "close" }, word("close"))),
    element("h2", { id: "card-title" }, foreign(system.name)),
    element("p", {}, foreign(text(system.title))),
    metricsTable(system), element("h3", {}, word("confusion")),
    element("p", { id: "confusion-note", class: "facts" }, word("confusionNote")), confusionTable(system), list);
}

// Opens what the address names: a card, or the section of a task.
function followAddress() {
  let place = "";
  try {
    place = decodeURIComponent(location.hash.slice(1));
  } catch {
    place = location.hash.slice(1);
  }
  const system = data.systems.find((candidate) => candidate.place === place);
  if (!system) {
    if (card.open) card.close();
    const task = data.tasks.findIndex(({ name }) => name === place);
    if (task >= 0) {
      showTask(task);
    } else if (place && place !== "tasks") {
      document.getElementById("status").textContent = word("noCard", { place: place.slice(0, 80) });
    }
    return;
  }
  opener = document.activeElement;
  fillCard(system);
  if (!card.open) card.showModal();
  card.scrollTop = 0;
}

card.addEventListener("close", () => {
  // The address is the page's again, without a further step of its history.
  history.replaceState(null, "", location.pathname + location.search);
  if (opener && opener.isConnected) opener.focus();
});
card.addEventListener("click", (event) => {
  if (event.target === card) card.close();
});
