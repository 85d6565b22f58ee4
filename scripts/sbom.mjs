/** `npm run sbom`: writes to its output a CycloneDX bill of what is shipped, in dist and beside it; nothing that only serves the work. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { shippedPackages } from './shipped.mjs'

const { name } = JSON.parse(readFileSync('package.json', 'utf8'))
const shipped = shippedPackages(JSON.parse(readFileSync('package-lock.json', 'utf8')))
const { stdout, stderr, status } = spawnSync('npm', ['sbom', '--sbom-format', 'cyclonedx'], {
  encoding: 'utf8',
  maxBuffer: 50_000_000,
})
if (status !== 0) {
  console.error(stderr)
  process.exit(1)
}
const bill = JSON.parse(stdout)
const components = bill.components.filter(({ name, version }) => shipped.has(`${name}@${version}`))
const listed = new Set(components.map(({ name, version }) => `${name}@${version}`))
const missing = [...shipped].filter((one) => !listed.has(one))
if (missing.length > 0) {
  console.error(`npm does not know of what is shipped: ${missing.join(', ')}; run \`npm ci\` and build anew`)
  process.exit(1)
}
// npm takes the name of the folder.
bill.metadata.component.name = name
const kept = new Set([bill.metadata.component['bom-ref'], ...components.map((one) => one['bom-ref'])])
const dependencies = bill.dependencies
  .filter(({ ref }) => kept.has(ref))
  .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((one) => kept.has(one)) }))
process.stdout.write(`${JSON.stringify({ ...bill, components, dependencies }, null, 2)}\n`)
