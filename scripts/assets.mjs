// Lays out the site: assets as they are, and script, WebAssembly and style sheet under names with their hash, everything also compressed.
// node scripts/assets.mjs PACKED PUBLIC SITE HASHES
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const [packed, assets, site, hashes] = process.argv.slice(2);
const fresh = `${site}.new`;
rmSync(fresh, { recursive: true, force: true });
mkdirSync(join(fresh, 'pkg'), { recursive: true });
cpSync(assets, fresh, { recursive: true });

// What the server reads to find the names: one line for each kind. The programs of portal and staff share theirs.
const named = (names) => {
  const contents = names.map((name) => [name, readFileSync(join(packed, name))]);
  const sum = createHash('sha256');
  contents.forEach(([, content]) => sum.update(content));
  const hash = sum.digest('hex').slice(0, 16);
  contents.forEach(([name, content]) => writeFileSync(join(fresh, 'pkg', name.replace('.', `.${hash}.`)), content));
  return hash;
};
const [programs, style] = [named(['balie.js', 'balie.wasm', 'portal.js', 'portal.wasm']), named(['balie.css'])];
const lines = [`js: ${programs}\n`, `wasm: ${programs}\n`, `css: ${style}\n`];

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
writeFileSync(hashes, lines.join(''));
