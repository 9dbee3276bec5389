// Runs the script of a summary page on a made-up document, and checks what it draws. Usage: node summary_page.js PAGE
"use strict";
const fs = require("fs"), assert = require("assert");

const page = fs.readFileSync(process.argv[2], "utf8");
const [, data] = page.match(/<script type="application\/json" id="data">([^]*?)<\/script>/);
const [, script] = page.match(/<script>([^]*?)<\/script>/);

let made = 0;
class Element {
  constructor(name) { made++; Object.assign(this, { name, children: [], text: "", dataset: {}, style: {}, attributes: {}, listeners: {} }); }
  set textContent(value) { this.text = String(value); this.children = []; }
  get textContent() { return this.text + this.children.map(child => child.textContent).join(""); }
  append(...parts) { this.children.push(...parts.map(part => typeof part === "string" ? Object.assign(new Element("#text"), { text: part }) : part)); }
  replaceChildren(...parts) { this.children = parts; }
  setAttribute(name, value) { this.attributes[name] = value; }
  addEventListener(kind, listener) { this.listeners[kind] = listener; }
  getBoundingClientRect() { return { top: -scrolled }; }
  all(name) { return this.children.flatMap(child => [...(child.name === name ? [child] : []), ...child.all(name)]); }
  querySelector(name) { return this.all(name)[0]; }
}
let scrolled = 0;
const elements = {}, listeners = {};
global.innerHeight = 1000;
global.addEventListener = (kind, listener) => { listeners[kind] = listener; };
global.document = {
  createElement: name => new Element(name),
  getElementById: id => elements[id] ??= new Element(id),
  querySelectorAll: selector => elements.head.all(selector.split(" ")[1]),
};
document.getElementById("data").textContent = data;
document.getElementById("head");
(0, eval)(script);

const shown = () => elements.rows.children.slice(1, -1).map(tr => tr.all("div").find(div => div.className === "name").text);
const press = text => elements.head.all("button").find(button => button.textContent.startsWith(text)).listeners.click();

assert(made < 2000, `${made} elements were made`);
assert.strictEqual(shown()[0], "bad", "failed clips come first");
assert(elements.counts.textContent.startsWith("5,000 clips"), elements.counts.textContent);
scrolled = 88 * 2500;
listeners.scroll();
assert(shown().length < 50 && shown().includes("clip 2500"), shown().join());
scrolled = 0;
press("Frames");
assert.strictEqual(shown()[0], "clip 4999");
press("Frames");
assert.strictEqual(shown()[0], "clip 1");
assert.strictEqual(elements.rows.children.length, shown().length + 2);
elements.search.listeners.input({ target: { value: "clip 4321" } });
assert.deepStrictEqual(shown(), ["clip 4321"]);
elements.search.listeners.input({ target: { value: "" } });
const failed = elements.tools.all("button").find(button => button.textContent === "1 failed");
failed.listeners.click();
assert.deepStrictEqual(shown(), ["bad"]);
failed.listeners.click();
listeners.beforeprint();
assert.strictEqual(shown().length, 5000, "all are printed");
