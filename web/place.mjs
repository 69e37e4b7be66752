// Puts what the page takes from others where the server finds it, with licences, and large files compressed beside.
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "../src/tejido/app/web/vendor");
const modules = (...names) => names.map((name) => join(here, "node_modules", name));

/** Folder -> files, and the licences that go with them. */
const PARTS = {
  onnxruntime: {
    files: modules("onnxruntime-web/dist/ort.wasm.bundle.min.mjs", "onnxruntime-web/dist/ort-wasm-simd-threaded.wasm"),
    licences: [join(here, "licences/onnxruntime.txt")],
  },
  jpeg: {
    files: modules("@jsquash/jpeg/codec/dec/mozjpeg_dec.js", "@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm"),
    licences: modules("@jsquash/jpeg/LICENSE", "@jsquash/jpeg/codec/LICENSE.codec.md"),
  },
};

const fresh = `${target}.new`;
rmSync(fresh, { recursive: true, force: true });
for (const [folder, { files, licences }] of Object.entries(PARTS)) {
  mkdirSync(join(fresh, folder), { recursive: true });
  for (const file of [...files, ...licences]) copyFileSync(file, join(fresh, folder, basename(file)));
  for (const file of files.filter((name) => name.endsWith(".wasm"))) {
    writeFileSync(join(fresh, folder, `${basename(file)}.gz`), gzipSync(readFileSync(file), { level: 9 }));
  }
}
writeFileSync(join(fresh, "ready"), "");
rmSync(target, { recursive: true, force: true });
renameSync(fresh, target);
