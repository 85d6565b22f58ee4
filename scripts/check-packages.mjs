/**
 * `npm run check:packages`: the lock file has a hash for each package, names no host, and no package runs a program while it
 * is installed or has a licence that is not allowed; for what is shipped, as the last build has it, fewer are. With
 * `--advisories` the registry is asked for known vulnerabilities of what is shipped; one that gives no answer is said and passes,
 * since a machine without a network can still be right.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { lockProblems } from './lock-problems.mjs'
import { shippedPackages } from './shipped.mjs'

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
const shipped = shippedPackages(lock)
const problems = lockProblems(lock, shipped)
const namesShipped = new Set([...shipped].map((one) => one.slice(0, one.lastIndexOf('@'))))

function advisories() {
  const asked = ['audit', '--json', '--fetch-retries=0', '--fetch-timeout=20000']
  const { stdout } = spawnSync('npm', asked, { encoding: 'utf8', maxBuffer: 50_000_000 })
  const answer = JSON.parse(stdout || '{}')
  if (answer.vulnerabilities === undefined) {
    console.log(`not checked for known vulnerabilities: ${answer.message ?? 'the registry does not answer'}`)
    return []
  }
  return Object.values(answer.vulnerabilities)
    .filter(({ name, severity }) => namesShipped.has(name) && (severity === 'high' || severity === 'critical'))
    .map(({ name, severity }) => `${name}: a known vulnerability, ${severity}; see \`npm audit\``)
}

if (process.argv.includes('--advisories')) problems.push(...advisories())
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1
else console.log(`${Object.keys(lock.packages).length - 1} packages: each with its hash and an allowed licence`)
