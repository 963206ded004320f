// Lays out the site: assets as they are, and script, WebAssembly and style sheet under names with their hash, everything also compressed.
// Beside the site stands SITE.rs, the list of its files for the executable.
// node scripts/assets.mjs PACKED PUBLIC SITE
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const [packed, assets, site] = process.argv.slice(2);
const fresh = `${site}.new`;
rmSync(fresh, { recursive: true, force: true });
mkdirSync(join(fresh, 'pkg'), { recursive: true });
cpSync(assets, fresh, { recursive: true });

// All of a build have one hash in their names, so that the server has one to know.
const contents = ['balie.js', 'balie.wasm', 'balie.css', 'portal.js', 'portal.wasm'].map((name) => [name, readFileSync(join(packed, name))]);
const sum = createHash('sha256');
contents.forEach(([, content]) => sum.update(content));
const hash = sum.digest('hex').slice(0, 16);
contents.forEach(([name, content]) => writeFileSync(join(fresh, 'pkg', name.replace('.', `.${hash}.`)), content));

// A font is compressed by itself.
const compressible = new Set(['.js', '.wasm', '.css', '.svg', '.txt', '.json', '.html', '.webmanifest', '.map']);
const files = readdirSync(fresh, { recursive: true }).map((name) => join(fresh, name)).filter((file) => statSync(file).isFile() && compressible.has(extname(file)));
await Promise.all(files.map(async (file) => {
  const content = readFileSync(file);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
  writeFileSync(`${file}.br`, await promisify(brotliCompress)(content, { params }));
  writeFileSync(`${file}.gz`, await promisify(gzip)(content, { level: 9 }));
}));

rmSync(site, { recursive: true, force: true });
renameSync(fresh, site);

const listed = readdirSync(site, { recursive: true }).filter((name) => statSync(join(site, name)).isFile()).sort();
const entries = listed.map((name) => `    (${JSON.stringify(name)}, include_bytes!(${JSON.stringify(`site/${name}`)})),\n`);
writeFileSync(`${site}.rs`, `&[\n${entries.join('')}]\n`);
