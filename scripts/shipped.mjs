/**
 * The packages that somebody gets who installs Trueup: those that the build took into dist, and those that npm installs with
 * it. Only the latter are `dependencies`; what is in dist already would be installed a second time (docs/adr/0019).
 */
import { existsSync, readFileSync } from 'node:fs'

/** What the last build took in, as a list of `{ name, version }`. */
const bundled = 'dist/third-party.json'

/** `name@version` of every shipped package; `lock` is the content of package-lock.json, version 3. Throws where nothing was built. */
export function shippedPackages(lock) {
  if (!existsSync(bundled)) throw new Error(`${bundled} is not there; run \`npm run build\` first`)
  const inDist = JSON.parse(readFileSync(bundled, 'utf8')).map(({ name, version }) => `${name}@${version}`)
  const installed = Object.entries(lock.packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true)
    .map(([path, { version }]) => `${nameOf(path)}@${version}`)
  return new Set([...inDist, ...installed])
}

/** Of a key of `packages` in package-lock.json. */
export function nameOf(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
}
