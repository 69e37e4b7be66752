// Times model files in onnxruntime-web on one thread. Reads what to do as JSON, writes medians in milliseconds as JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const ort = createRequire(join(process.argv[2], "package.json"))("onnxruntime-web/wasm");
ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

const { files, sizes, rounds } = JSON.parse(readFileSync(0, "utf8"));
const sessions = {};
for (const [name, path] of Object.entries(files)) {
  sessions[name] = await ort.InferenceSession.create(readFileSync(path), { executionProviders: ["wasm"] });
}

const found = Object.fromEntries(Object.keys(files).map((name) => [name, {}]));
for (const [width, height] of sizes) {
  const pixels = Uint8Array.from({ length: width * height * 3 }, () => Math.floor(256 * Math.random()));
  const image = new ort.Tensor("uint8", pixels, [height, width, 3]);
  const times = Object.fromEntries(Object.keys(files).map((name) => [name, []]));
  for (let round = 0; round < rounds + 3; round += 1) {
    for (const [name, session] of Object.entries(sessions)) {
      const start = performance.now();
      await session.run({ image });
      if (round >= 3) times[name].push(performance.now() - start);
    }
  }
  for (const [name, values] of Object.entries(times)) {
    values.sort((a, b) => a - b);
    const middle = Math.floor(values.length / 2);
    found[name][`${width}x${height}`] =
      values.length % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  }
}
console.log(JSON.stringify(found));
