"use strict";
// Data, labels, and how elements are made. Texts go in as text only: nothing here parses HTML.

const data = JSON.parse(document.getElementById("data").textContent);
const words = JSON.parse(document.getElementById("words").textContent);
const SVG = "http://www.w3.org/2000/svg";
const state = {
  tongue: "en", kinds: new Set(["zero-shot", "floor"]), search: "", spoken: "",
  synthetic: false, published: true, sort: "ua", descending: true, whole: new Set(),
};

// The label of a key in the language of the page, with its {slots} filled.
function word(key, values = {}) {
  const label = words[state.tongue][key] ?? words.en[key] ?? key;
  return label.replace(/\{(\w+)\}/g, (slot, name) => counted(values[name] ?? slot));
}

// A count in the digits of the page's language; figures of the tables stay as README.md has them.
// A name keeps its own direction in a sentence: U+2068 and U+2069 isolate it, as bdi does.
function counted(value) {
  if (typeof value === "number") return value.toLocaleString(state.tongue);
  return words[state.tongue].direction === "rtl" ? `\u2068${value}\u2069` : String(value);
}

// An element with attributes and children; a string among the children is text.
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function drawn(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// A stranger's text: isolated, so that marks of direction in it turn nothing around it.
function foreign(text) {
  return element("bdi", {}, text);
}

// What the board says in English whatever the language of the page, for eyes and for voices.
function english(text) {
  return element("bdi", { lang: "en" }, text);
}

function digits(value) {
  return value === null || value === undefined ? "" : value.toFixed(1);
}

// A number with its interval, which is read from left to right in every language.
function figure(values, byClip) {
  const [open, close] = byClip ? ["(", ")"] : ["[", "]"];
  const ends = `${open}${digits(values[1])}, ${digits(values[2])}${close}`;
  return element("bdi", { dir: "ltr" }, element("b", {}, digits(values[0])), " ",
    values.length > 1 ? element("span", { class: "ends" }, ends) : "");
}

// An address of the web as a link, all else as text: `javascript:` is no source of a corpus.
function source(text) {
  if (!/^https?:\/\/[^\s]+$/.test(text)) return foreign(text);
  return element("a", { href: text, rel: "noreferrer noopener" }, foreign(text));
}

function addressOf(place) {
  return "#" + encodeURIComponent(place).replace(/%2F/g, "/");
}

// The name of a language in that of the page; what is no code of one stands as it is.
function languageName(code) {
  try {
    const name = new Intl.DisplayNames([state.tongue], { type: "language" }).of(code);
    return name === code ? code : `${name} (${code})`;
  } catch {
    return code;
  }
}

const kindOf = (system) => data.groups[system.group].kind;
const trainedOn = (system) => data.texts[system.trained] ?? "";
const spokenIn = (system) => data.tasks[system.task].languages;

// What is in a system's own words, once, in small letters: a filter looks at 2,000 of them.
for (const [position, system] of data.systems.entries()) {
  system.position = position;
  system.haystack = `${system.name}\n${trainedOn(system)}`.toLowerCase();
}
