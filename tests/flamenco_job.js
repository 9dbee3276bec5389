// Compiles a job of the Flamenco job type as Flamenco Manager does, with a made-up `author`, and prints its tasks as JSON.
// Usage: node flamenco_job.js JOB_TYPE.js SETTINGS
"use strict";
const fs = require("fs"), vm = require("vm");

class Task {
  constructor(name, type) { Object.assign(this, { name, type, commands: [], dependencies: [] }); }
  addCommand(command) { this.commands.push(command); }
  addDependency(task) { this.dependencies.push(task.name); }
}

// As of Flamenco: "1-3,7" in chunks of one.
function frameChunker(frames, size) {
  if (size !== 1) throw new Error("chunks of one are expected");
  return frames.split(",").flatMap(part => {
    const [first, last] = part.split("-").map(Number);
    return Array.from({ length: (last || first) - first + 1 }, (_, index) => String(first + index));
  });
}

const author = { Task: (name, type) => new Task(name, type), Command: (name, parameters) => ({ name, parameters }) };
const tasks = [];
const context = vm.createContext({ author, frameChunker, print: () => {} });
const source = fs.readFileSync(process.argv[2], "utf8");
const compile = vm.runInContext(`${source}; ({ JOB_TYPE, compileJob })`, context);
const given = JSON.parse(process.argv[3]);
const settings = Object.fromEntries(compile.JOB_TYPE.settings.map(each => {
  if (each.required && !(each.key in given)) throw new Error(`${each.key} is required`);
  return [each.key, each.key in given ? given[each.key] : each.default];
}));
compile.compileJob({ settings, addTask: task => tasks.push(task) });
process.stdout.write(JSON.stringify({ type: compile.JOB_TYPE, tasks }));
