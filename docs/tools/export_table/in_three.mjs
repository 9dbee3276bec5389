// The part of measure.py that runs in Node: reads files by three.js's loaders.
//
// Usage: node in_three.mjs THREE_FOLDER FILE OUT.json SECONDS...
//
// Writes names (B), rest (B x 16), worlds (T x B x 16), row by row, and keys, the times of the wrist's keys in seconds.
// SECONDS are those after the first key.

import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, file, output, ...seconds] = process.argv.slice(2);
const from = (path) => import(pathToFileURL(`${folder}/node_modules/three/${path}`).href);
const THREE = await from("build/three.module.js");
globalThis.self ??= globalThis;
globalThis.window ??= { innerWidth: 1280, innerHeight: 720 }; // the aspect of cameras

async function load() {
  const content = readFileSync(file);
  const buffer = content.buffer.slice(content.byteOffset, content.byteOffset + content.byteLength);
  if (file.endsWith(".bvh")) {
    const { BVHLoader } = await from("examples/jsm/loaders/BVHLoader.js");
    const read = new BVHLoader().parse(content.toString());
    const root = new THREE.Group();
    root.add(read.skeleton.bones[0]);
    return { root, clip: read.clip, bones: read.skeleton.bones, rest: null };
  }
  let root, clip;
  if (file.endsWith(".glb")) {
    const { GLTFLoader } = await from("examples/jsm/loaders/GLTFLoader.js");
    const read = await new Promise((done, failed) => new GLTFLoader().parse(buffer, "", done, failed));
    root = read.scene;
    clip = read.animations.length > 1 && read.animations[0].name === "hands" ? read.animations[0] : merged(read.animations);
  } else {
    const { FBXLoader } = await from("examples/jsm/loaders/FBXLoader.js");
    root = new FBXLoader().parse(buffer, "");
    clip = merged(root.animations);
  }
  const bones = new Map();
  root.updateMatrixWorld(true);
  root.traverse((node) => {
    if (node.isSkinnedMesh) {
      node.skeleton.bones.forEach((bone, index) => {
        const bind = node.matrixWorld.clone().multiply(node.bindMatrix.clone().invert());
        bind.multiply(node.skeleton.boneInverses[index].clone().invert());
        bones.set(bone, bind);
      });
    }
  });
  return { root, clip, bones: [...bones.keys()], rest: [...bones.values()] };
}

function merged(clips) {
  return new THREE.AnimationClip("all", -1, clips.flatMap((clip) => clip.tracks));
}

const rows = (matrix) => matrix.clone().transpose().toArray();
const { root, clip, bones, rest } = await load();
const mixer = new THREE.AnimationMixer(root);
const action = mixer.clipAction(clip);
action.setLoop(THREE.LoopOnce);
action.clampWhenFinished = true;
action.play();
const track = clip.tracks.find((each) => /wrist/.test(each.name) && /quaternion/.test(each.name));
const start = track.times[0];
const worlds = seconds.map((second) => {
  mixer.setTime(Math.min(start + Number(second), clip.duration));
  root.updateMatrixWorld(true);
  return bones.map((bone) => rows(bone.matrixWorld));
});
writeFileSync(
  output,
  JSON.stringify({
    names: bones.map((bone) => bone.name),
    rest: rest ? rest.map(rows) : bones.map(() => rows(new THREE.Matrix4())),
    worlds,
    keys: [...track.times],
  }),
);
