// A job type of Flamenco: a task a clip that captures hands and makes files of them, then one that works in Blender.
// Copy it into the `scripts` folder beside Flamenco Manager. docs/batch.md says more.
"use strict";

const JOB_TYPE = {
    label: "DaHyF Hands",
    description: "Captures the hands in the clips of a manifest",
    settings: [
        { key: "manifest", type: "string", subtype: "file_path", required: true,
          description: "The list of clips: a CSV or JSON file that all Workers can read" },
        { key: "output", type: "string", subtype: "dir_path", required: true,
          description: "The folder of all outputs, which all Workers share" },
        { key: "rows", type: "string", required: true, default: "1",
          description: "Rows of the manifest, for example 1-2000 or 3,7,10-20" },
        { key: "outputs", type: "string", default: "report",
          description: "What is made of captures whose row does not say it, for example: report glb rig" },
        { key: "in_blender", type: "bool", default: false, label: "Stages in Blender",
          description: "Also make the outputs blend and rig, in a Blender that has the add-on" },
        { key: "threads", type: "int32", default: 0,
          description: "CPU threads of each network; 0 is one a core" },
        { key: "dahyf", type: "string", default: "dahyf", visible: "web",
          description: "The command of the core on the Workers" },
        { key: "blender", type: "string", default: "{blender}", visible: "web",
          description: "Blender with the add-on on the Workers" },
    ],
};

const CORE_STAGES = "capture,clean,export,preview,report";
const BLENDER_STAGES = "import,retarget";

function compileJob(job) {
    const settings = job.settings;
    const summary = author.Task("summary", "misc");
    for (const row of frameChunker(settings.rows, 1)) {
        let last = addTask(job, `capture-${row}`, "misc", rowArguments(settings, row, CORE_STAGES), []);
        if (settings.in_blender) {
            const args = rowArguments(settings, row, BLENDER_STAGES).concat(["--blender", settings.blender]);
            last = addTask(job, `blender-${row}`, "blender", args, [last]);
        }
        summary.addDependency(last);
    }
    summary.addCommand(command(settings, batchArguments(settings).concat(["--only-summary"])));
    job.addTask(summary);
}

function addTask(job, name, type, args, dependencies) {
    const task = author.Task(name, type);
    task.addCommand(command(job.settings, args));
    for (const dependency of dependencies) {
        task.addDependency(dependency);
    }
    job.addTask(task);
    return task;
}

function command(settings, args) {
    return author.Command("exec", { exe: settings.dahyf, args: args });
}

function batchArguments(settings) {
    return ["batch", settings.manifest, "-o", settings.output, "--set", `outputs=${settings.outputs}`];
}

function rowArguments(settings, row, stages) {
    const options = ["--rows", row, "--stages", stages, "--processes", "1", "--threads", String(settings.threads)];
    return batchArguments(settings).concat(options);
}
